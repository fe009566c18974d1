//===- Scan.h - what the kernels of moe.scan share ------------------------------------------------------*- C++ -*-===//
#pragma once

#include "Lengths.h"
#include "Lowerings.h"

namespace moe {

/// The buffers of a scan, which are arguments of its kernels by their place. A place is -1 where the operand is left out.
struct ScanArgs {
  ScanArgs(ScanOp op, mlir::ImplicitLocOpBuilder &builder);
  /// Adds a float32 buffer to work in.
  int space(mlir::ImplicitLocOpBuilder &builder, llvm::ArrayRef<int64_t> shape, mlir::ValueRange lengths);

  ScanOp op;
  llvm::SmallVector<mlir::Value> values;
  int v, k, q, decay, rate, a, b, gate, bonus, result;
  int initial[3] = {-1, -1, -1}, final[3] = {-1, -1, -1}; ///< S, n, m
  Lengths lengths; ///< in front of the launch: B, L, T, H (state heads), R (the result's heads), K (dk), V (dv)
};

/// The operands as a kernel reads them for one head of one batch entry. Elements come as float32.
class ScanHead {
public:
  /// `number` counts heads, all of a batch entry behind each other.
  ScanHead(const ScanArgs &args, mlir::ValueRange in, Code k, mlir::Value number);

  mlir::Value key(Code k, int arg, mlir::Value l, mlir::Value i) const; ///< element i of k, a or b
  /// The heads of the result that read this head, the o-th one of them, and its query times the scale.
  mlir::Value readers(Code k) const;
  mlir::Value reader(Code k, mlir::Value o) const;
  mlir::Value query(Code k, mlir::Value t, mlir::Value o, mlir::Value i) const;
  /// exp's argument, for a number of the state.
  mlir::Value logDecay(Code k, mlir::Value l, mlir::Value i, mlir::Value j) const;

  const ScanArgs &args;
  mlir::ValueRange in;
  mlir::Value batch, head, heads, keys, columns, updates, tokens;
};

/// The element of a buffer that is repeated along its axes of length 1.
mlir::Value loadRepeated(Code k, mlir::Value memref, mlir::ValueRange at);
/// True where the value is given and its axis is not known to be 1.
bool varies(mlir::Value tensor, int64_t axis);

/// Launches the kernel that works on many tokens at once, where the scan has that form; whether it does the work, as a boolean that may only
/// be known when the code runs.
mlir::Value launchScanChunks(ScanArgs &args, mlir::ImplicitLocOpBuilder &b);
/// Launches the kernel that goes token by token, which does every kind of scan; where `active` holds.
void launchScanSteps(ScanArgs &args, mlir::ImplicitLocOpBuilder &b, mlir::Value active);

} // namespace moe
