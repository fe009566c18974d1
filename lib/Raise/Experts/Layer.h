//===- Layer.h - a recognised layer of experts becomes moe.experts ------------------------------------*- C++ -*-===//
#pragma once

#include "../Matrix.h"
#include "Ffn.h"

namespace moe::raise {

/// The operands of moe.experts that hold weights; null where there are none.
struct ExpertTensors {
  mlir::Value gate, up, down, gateBias, upBias, downBias;
};

/// The tensors of experts that one formula describes: banks.
ExpertTensors bankTensors(NodeMaker &make, const FfnPart &ffn);
/// The tensors of experts that have a formula each, of the same unit and shapes; absent ones give 0. Nullopt where they do not fit together.
std::optional<ExpertTensors> joinedTensors(NodeMaker &make, llvm::ArrayRef<std::optional<FfnPart>> experts);

/// The product of factors as a matrix [T, K]: tensors over (rows, slot) times numbers. Null where one of them is no such tensor.
mlir::Value weightMatrix(View &view, NodeMaker &make, const Rows &rows, llvm::ArrayRef<E> factors, E slot, const SymExpr &slots);

/// Moves the factors that an expert's input is multiplied with (Llama 4 multiplies it by the weight) to `factors`. False where there are
/// none; nullopt where gate and up have different ones.
std::optional<bool> inputFactors(const FfnPart &ffn, std::vector<E> &factors);

/// True for an expert that gives 0 for an input of 0: then an input scaled by 0 is an expert not chosen.
bool vanishesAtZero(const FfnPart &ffn);

/// The element of the one input that gate and up multiply, at up's inner digit; null where they differ.
E layerInput(View &view, const FfnPart &ffn);

/// The layer with the shape of the rows; null where the experts' input is no matrix over the rows.
mlir::Value buildLayer(View &view, NodeMaker &make, const Rows &rows, const FfnPart &ffn, const ExpertTensors &tensors, mlir::Value ids,
                       mlir::Value weights, bool scaleInput);

} // namespace moe::raise
