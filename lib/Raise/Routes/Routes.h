//===- Routes.h - finding routers ---------------------------------------------------------------------*- C++ -*-===//
#pragma once

#include "../Element/View.h"
#include "moe/Dialect/Moe.h"

namespace moe::raise {

/// Replaces the nodes that compute the ids and weights of an expert layer by moe.route. True where it did; a router that is none of the
/// op's forms stays as it is.
bool raiseRoute(View &view, ExpertsOp experts);

} // namespace moe::raise
