//===- Options.h - the command line ----------------------------------------------------------------------------*- C++ -*-===//
#pragma once

#include "Bench.h"
#include "Generate.h"
#include <optional>

namespace moerun {

enum class Mode { RunOnce, Bench, Generate };

struct Options {
  Mode mode = Mode::RunOnce;
  ModelOptions model;
  std::vector<std::string> inputs;
  std::string output;
  BenchOptions bench;
  GenerateOptions generate;
  std::string routingTrace;  ///< the file for it, or none
  bool promptIsText = false; ///< results are printed as text, else as numbers
  bool statistics = false;   ///< also where the error output is no terminal
};

/// Reads the command line; nullopt where help was asked for. Throws Failure for what it does not know, and for an option that the mode has no
/// use for.
std::optional<Options> parseOptions(int argc, char **argv);

/// What --help prints.
extern const char *const kUsage;

} // namespace moerun
