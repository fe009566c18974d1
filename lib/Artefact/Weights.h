//===- Weights.h - the bytes of weights, and their file -----------------------------------------------*- C++ -*-===//
#pragma once

#include "moe/Dialect/Moe.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/raw_ostream.h"
#include <map>

namespace moe {

/// Where a weight lies in the weights file.
struct WeightPlace {
  std::string name, role, format; ///< role and format may be empty
  int64_t offset, length; ///< bytes from the start of the file
};

/// The weights of an artefact: those of all its targets, each once.
class WeightList {
public:
  /// Adds the params of the module that `names` lists; `numbers` receives the place of each in the list. Fails with a diagnostic.
  mlir::LogicalResult add(mlir::ModuleOp module, llvm::StringRef target, mlir::ArrayAttr names, std::vector<int32_t> &numbers);
  /// Writes a safetensors file (https://github.com/huggingface/safetensors), each weight U8, data on a page, tensors at multiples of 64 bytes.
  /// `places` receives where each is; `progress` is told the share of the bytes that is written. Fails with a diagnostic.
  mlir::LogicalResult write(llvm::raw_pwrite_stream &file, std::vector<WeightPlace> &places, llvm::function_ref<void(double)> progress);

private:
  struct Weight {
    std::string name;
    ParamOp param;
  };
  std::vector<Weight> weights;
  std::map<std::string, int32_t> places; ///< by name
};

} // namespace moe
