//===- Replace.h - a raised value in its original's place ---------------------------------------------*- C++ -*-===//
#pragma once

#include "mlir/IR/Value.h"

namespace moe::raise {

/// Every use of the original reads the raised value instead, which is available before the op that gives the original. In a function
/// with the attribute check::kProofsAttr the original stays and a check.expect_close behind it compares the two, so that a run on any
/// input proves the raise.
void replaceRaised(mlir::Value original, mlir::Value raised);

} // namespace moe::raise
