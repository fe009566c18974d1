//===- HostOp.h - rt.host_op as a call of the runtime -------------------------------------------------*- C++ -*-===//
#pragma once

#include "mlir/Conversion/LLVMCommon/Pattern.h"

namespace moe {

void addHostOpPattern(const mlir::LLVMTypeConverter &converter, mlir::RewritePatternSet &patterns, mlir::PatternBenefit benefit);

} // namespace moe
