//===- InitAll.h - everything that a tool registers ---------------------------------------------------*- C++ -*-===//
#pragma once

#include "mlir/IR/DialectRegistry.h"

namespace moe {

void registerDialects(mlir::DialectRegistry &registry);
void registerPasses();

} // namespace moe
