//===- Progress.h - what a long compilation is doing --------------------------------------------------*- C++ -*-===//
#pragma once

#include "llvm/ADT/StringRef.h"
#include <chrono>

namespace moe {

/// A line on the terminal that says what is being done, and is gone afterwards. Shows nothing where stderr is no terminal.
class ProgressLine {
public:
  ProgressLine();
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine &) = delete;

  /// `share` of `what` is done, from 0 to 1.
  void show(llvm::StringRef what, double share);
  /// Makes room for other text.
  void clear();

private:
  bool onTerminal, visible = false;
  std::chrono::steady_clock::time_point start, last;
};

} // namespace moe
