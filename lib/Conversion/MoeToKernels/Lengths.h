//===- Lengths.h - lengths of named axes that must agree when the code runs ---------------------------*- C++ -*-===//
#pragma once

#include "moe/Kernels/Code.h"

namespace moe {

/// Lengths by the letters of an op's description. A length that is only known when the code runs is compared there with the one that the
/// letter had first; the run ends with an error where they differ. Kernels trust lengths that passed.
class Lengths {
public:
  Lengths(mlir::ImplicitLocOpBuilder &b, llvm::StringRef opName) : b(b), opName(opName) {}

  /// One letter per axis; axes with a small letter may be 1 too. A null tensor passes.
  void bind(mlir::Value tensor, llvm::StringRef letters);
  /// Sets a letter's length.
  void bind(char letter, mlir::OpFoldResult length) { known[letter] = length; }
  mlir::Value operator[](char letter) const;
  /// The lengths of a tensor with these axes.
  llvm::SmallVector<mlir::OpFoldResult> of(llvm::StringRef letters) const {
    return llvm::map_to_vector(letters, [&](char letter) { return known.lookup(letter); });
  }

  /// Compares a length with the letter's; `orOne` says that 1 passes too.
  void compare(char letter, mlir::OpFoldResult length, bool orOne = false);

private:
  mlir::ImplicitLocOpBuilder &b;
  llvm::StringRef opName;
  llvm::SmallDenseMap<char, mlir::OpFoldResult> known;
};

} // namespace moe
