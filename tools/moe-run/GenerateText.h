//===- GenerateText.h - a prompt's continuation on the terminal ------------------------------------------------*- C++ -*-===//
#pragma once

#include "Options.h"

namespace moerun {

/// Prints the continuation as it is made; then, on a terminal or where it is asked for, how fast that was and which experts were used.
void generateText(Model &model, const Options &options);

} // namespace moerun
