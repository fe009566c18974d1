//===- Views.h - views of buffers as descriptors ------------------------------------------------------*- C++ -*-===//
#pragma once

#include "mlir/Conversion/LLVMCommon/Pattern.h"

namespace moe {

/// memref.subview, expand_shape and collapse_shape to arithmetic on descriptors.
void addViewPatterns(const mlir::LLVMTypeConverter &converter, mlir::RewritePatternSet &patterns, mlir::PatternBenefit benefit);

} // namespace moe
