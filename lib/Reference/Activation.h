//===- Activation.h - elementwise non-linearities ---------------------------------------------------------*- C++ -*-===//
#pragma once

#include "moe/Dialect/Moe.h"

namespace moe::reference {

/// act(x); `alpha` is the slope inside silu.
double activate(Activation activation, double x, double alpha = 1);

} // namespace moe::reference
