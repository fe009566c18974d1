//===- StateNames.h - names of inputs and outputs that are one state ------------------------------------*- C++ -*-===//
#pragma once

#include "llvm/ADT/StringRef.h"

namespace moe {

/// How many words the names of a past and a present have in common at their ends, once the words that say which of the two it is (input,
/// output, past, present, in, out, prev, next, ...) are left out: 2 for past.0.conv and present.0.conv; 0 where they name different things.
unsigned commonStateName(llvm::StringRef past, llvm::StringRef present);

} // namespace moe
