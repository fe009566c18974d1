//===- StateNames.cpp - names of inputs and outputs that are one state ------------------------------------------===//
#include "moe/Transforms/StateNames.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace llvm;

namespace moe {

/// Runs of letters and runs of digits, without the words of direction.
static SmallVector<std::string> words(StringRef name) {
  static const StringSet<> directions = {"input", "inputs", "output", "outputs", "past", "present", "in", "out",  "prev",    "previous",
                                         "next",  "new",    "old",    "init",    "initial", "final", "last", "updated", "current"};
  SmallVector<std::string> result;
  while (!name.empty()) {
    auto kind = [](char c) { return isDigit(c) ? 1 : isAlpha(c) ? 2 : 0; };
    int first = kind(name.front());
    StringRef word = name.take_while([&](char c) { return kind(c) == first; });
    name = name.drop_front(word.size());
    if (first && !directions.contains(word.lower()))
      result.push_back(word.lower());
  }
  return result;
}

unsigned commonStateName(StringRef past, StringRef present) {
  SmallVector<std::string> a = words(past), b = words(present);
  unsigned common = 0;
  while (common < a.size() && common < b.size() && a[a.size() - 1 - common] == b[b.size() - 1 - common])
    ++common;
  return common;
}

} // namespace moe
