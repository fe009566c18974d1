//===- Registry.cpp - the kinds of targets ----------------------------------------------------------------------===//
#include "moe/Target/Cpu.h"
#include "moe/Target/Gpu.h"
#include "moe/Target/Target.h"
#include <map>

using namespace mlir;

namespace moe {
namespace {

struct Kind {
  std::string help;
  TargetFactory make;
};

std::map<std::string, Kind> &kinds() {
  static std::map<std::string, Kind> table = [] {
    std::map<std::string, Kind> builtin;
    builtin["cpu"] = {"cpu, cpu:native (this machine's instruction set alone)", makeCpuTarget};
    builtin["nvidia"] = {"nvidia:CHIP (with :ptx behind it compiled by the driver)", makeNvidiaTarget};
    builtin["amd"] = {"amd:CHIP", makeAmdTarget};
    builtin["emu"] = {"emu:CHIP (a GPU's code run on the processor)", makeEmulatedTarget};
    return builtin;
  }();
  return table;
}

} // namespace

std::string Target::fileName(StringRef kind, StringRef extension) const {
  std::string text = name();
  std::replace(text.begin(), text.end(), ':', '-');
  return (kind + "." + text + "." + extension).str();
}

void registerTarget(StringRef kind, StringRef help, TargetFactory factory) { kinds()[kind.str()] = {help.str(), std::move(factory)}; }

llvm::Expected<std::shared_ptr<const Target>> lookupTarget(StringRef name) {
  auto [kind, chip] = name.split(':');
  auto found = kinds().find(kind.str());
  if (found == kinds().end())
    return llvm::createStringError("there is no target '" + name + "'; there are " + targetHelp());
  return found->second.make(chip);
}

std::string targetHelp() {
  std::string text;
  for (auto &[name, kind] : kinds())
    text += (text.empty() ? "" : "; ") + kind.help;
  return text;
}

} // namespace moe
