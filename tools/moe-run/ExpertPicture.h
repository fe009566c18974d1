//===- ExpertPicture.h - the experts' shares in the terminal --------------------------------------------------*- C++ -*-===//
#pragma once

#include "RoutingTrace.h"

namespace moerun {

/// How evenly the choices fall on the experts: the entropy of their shares over that of equal shares, 1 where all are equal, 0 where one
/// expert has all. 1 where there is one expert or nothing was chosen.
double evenness(const std::vector<int64_t> &use);

/// A row for each layer, a shaded cell for each expert: the darker, the more tokens, against equal shares. Banks of up to 8 experts show
/// each share in percent too; larger ones go on in the next line after 64. At the end of a row: evenness, and the busiest expert. `colour`
/// adds a terminal's escape codes. Empty where there are no layers.
std::string expertPicture(const std::vector<RoutingTrace::Layer> &layers, bool colour);

} // namespace moerun
