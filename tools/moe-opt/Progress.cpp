//===- Progress.cpp - what a long compilation is doing ----------------------------------------------------------===//
#include "Progress.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"

namespace moe {

ProgressLine::ProgressLine() : onTerminal(llvm::sys::Process::StandardErrIsDisplayed()), start(std::chrono::steady_clock::now()) {
  if (auto terminal = llvm::sys::Process::GetEnv("TERM"); !terminal || *terminal == "dumb")
    onTerminal = false; // it cannot take a line back
}

void ProgressLine::show(llvm::StringRef what, double share) {
  auto now = std::chrono::steady_clock::now();
  if (!onTerminal || (share > 0 && now - last < std::chrono::milliseconds(100)))
    return;
  last = now;
  visible = true;
  llvm::errs() << "\r\033[Kmoe-opt: " << what;
  if (share > 0)
    llvm::errs() << llvm::format(" %.0f %%", 100 * share);
  llvm::errs() << llvm::format(" (%.1f s)", std::chrono::duration<double>(now - start).count());
}

void ProgressLine::clear() {
  if (visible)
    llvm::errs() << "\r\033[K";
  visible = false;
}

} // namespace moe
