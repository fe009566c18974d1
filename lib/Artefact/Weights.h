//===- Weights.h - the bytes of weights, and their file -----------------------------------------------*- C++ -*-===//
#pragma once

#include "moe/Dialect/Moe.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/raw_ostream.h"

namespace moe {

/// Where a weight lies in the weights file.
struct WeightPlace {
  std::string name;
  int64_t offset, length; ///< bytes from the start of the file
};

/// Writes the params of the module that `names` lists as a safetensors file (https://github.com/huggingface/safetensors), each one U8,
/// data on a page, tensors at multiples of 64 bytes. `places` receives where each is. Fails with a diagnostic.
mlir::LogicalResult writeWeights(mlir::ModuleOp module, mlir::ArrayAttr names, llvm::raw_pwrite_stream &file, std::vector<WeightPlace> &places);

} // namespace moe
