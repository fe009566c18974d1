//===- Options.h - the command line of moe-opt --------------------------------------------------------*- C++ -*-===//
#pragma once

#include "moe/Pipelines/Compile.h"
#include "llvm/Support/Error.h"

namespace moe {

/// What the command line asks for.
struct CommandLine {
  CompileRequest request;
  bool compile = false;  ///< a compilation by stages; else all is as in mlir-opt
  int check = 0;         ///< --check: the number of random inputs; 0 without it
  bool explain = false;  ///< --explain
};

/// Makes the options known; to be called before the command line is parsed.
void registerOptions();

/// Makes a request of the parsed options. Fails with a message for people where they contradict each other, or ask for what this version
/// does not do.
llvm::Expected<CommandLine> readCommandLine(llvm::StringRef input, llvm::StringRef output);

} // namespace moe
