//===- Chip.cpp - what is known of each GPU ---------------------------------------------------------------------===//
#include "moe/Target/Chip.h"

using llvm::StringRef;

namespace moe {

llvm::ArrayRef<Chip> chips() {
  static constexpr Chip table[] = {
      {"sm_90a", Vendor::Nvidia, 32, "+ptx80"},
      {"sm_80", Vendor::Nvidia, 32, "+ptx70"},
      {"sm_100a", Vendor::Nvidia, 32, "+ptx86"},
      {"gfx942", Vendor::Amd, 64, ""},
      {"gfx950", Vendor::Amd, 64, ""},
  };
  return table;
}

const Chip *chipNamed(StringRef name) {
  if (name == "gpu")
    return &chips().front();
  for (const Chip &chip : chips())
    if (chip.name == name)
      return &chip;
  return nullptr;
}

std::string chipNames() {
  std::string names;
  for (const Chip &chip : chips())
    names += (names.empty() ? "" : ", ") + chip.name.str();
  return names;
}

} // namespace moe
