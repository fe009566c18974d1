//===- CommandLine.h - the command line of moe-gen ----------------------------------------------------*- C++ -*-===//
#pragma once

#include "Options.h"
#include <stdexcept>

namespace moe::gen {

struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// What the command line asks for. Throws UsageError where options contradict each other; LLVM's parser ends the program for others.
Options readOptions(int argc, char **argv);

} // namespace moe::gen
