//===- Link.cpp - from an object to a shared object -------------------------------------------------------------===//
#include "Link.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"

using llvm::StringRef;

namespace moe {

/// The linker: on the PATH, or beside LLVM's other tools.
static std::string findLinker() {
  for (StringRef name : {"ld.lld-22", "ld.lld"})
    if (auto found = llvm::sys::findProgramByName(name))
      return *found;
  if (auto found = llvm::sys::findProgramByName("ld.lld", {MOE_LLVM_TOOLS_DIR}))
    return *found;
  return "";
}

std::string linkShared(StringRef object, StringRef output) {
  std::string linker = findLinker();
  if (linker.empty())
    return "ld.lld is not installed; install Debian's lld-22";
  std::string message;
  int status = llvm::sys::ExecuteAndWait(linker, {linker, "-shared", "--hash-style=gnu", "-z", "separate-code", "-s", "-o", output, object},
                                         std::nullopt, {}, /*SecondsToWait=*/0, /*MemoryLimit=*/0, &message);
  return status == 0 ? "" : "ld.lld failed: " + message;
}

} // namespace moe
