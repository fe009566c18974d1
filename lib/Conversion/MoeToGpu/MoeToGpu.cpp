//===- MoeToGpu.cpp - moe ops to kernels written for a GPU ------------------------------------------------------===//
#include "moe/Conversion/Passes.h"
#include "moe/Dialect/Rt.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/LLVMIR/ROCDLDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;

namespace moe {
#define GEN_PASS_DEF_MOETOGPU
#include "moe/Conversion/Passes.h.inc"

namespace {

struct MoeToGpuPass : impl::MoeToGpuBase<MoeToGpuPass> {
  using MoeToGpuBase::MoeToGpuBase;
  void runOnOperation() override {}
};

} // namespace
} // namespace moe
