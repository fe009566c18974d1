//===- Models.h - whole generated models --------------------------------------------------------------*- C++ -*-===//
#pragma once

#include "Graph.h"
#include "Options.h"

namespace moe::gen {

/// Builds what the options name, with its inputs and outputs.
void build(Graph &g, const Options &o);

} // namespace moe::gen
