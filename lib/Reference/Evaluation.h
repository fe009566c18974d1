//===- Evaluation.h - what the rule of one op reads and writes ---------------------------------------------*- C++ -*-===//
//
// A rule is a function `LogicalResult evaluate(XOp op, Evaluation &e)`. It reads operands by the op's accessors, checks the lengths of
// named axes, and sets the results. `add(rules, evaluate)` makes it known.
//
//===------------------------------------------------------------------------------------------------------------===//
#pragma once

#include "Compiler.h"
#include "Lanes.h"

namespace moe::reference {

/// The slots of an op's operands and results.
struct OpSlots {
  OpSlots(Compiler &compiler, mlir::Operation *op);
  llvm::SmallVector<Slot> operands, results;
  llvm::SmallVector<bool> take; ///< of each operand: its storage may be reused
};

/// Lengths by the letters that the op's description gives them; H' is O.
class Axes {
public:
  int64_t operator[](char letter) const { return lengths.lookup(letter); }
  /// The same as `letters` from now on; false where the lengths differ from those bound before.
  bool bind(llvm::StringRef letters, llvm::ArrayRef<int64_t> shape);

private:
  llvm::SmallDenseMap<char, int64_t> lengths;
};

class Evaluation {
public:
  Evaluation(mlir::Operation *op, const OpSlots &slots, Frame &frame) : op(op), slots(slots), frame(frame) {}

  Machine &machine() { return frame.machine; }
  /// An operand. Null values are not passed here.
  const Tensor &tensor(mlir::Value operand);
  /// An operand whose storage the result may reuse.
  Tensor take(mlir::Value operand);
  int64_t integer(mlir::Value operand);
  int64_t integer(mlir::OpFoldResult size);
  llvm::SmallVector<int64_t> integers(llvm::ArrayRef<mlir::OpFoldResult> sizes);
  Scalar scalar(mlir::Value operand);
  /// A scalar operand as a tensor of rank 0.
  Tensor boxed(mlir::Value operand) { return toTensor(operand.getType(), scalar(operand)); }

  /// Lengths of named axes; operands that are left out are skipped. Fails where two axes of a name differ.
  std::optional<Axes> axes(std::initializer_list<std::pair<mlir::Value, llvm::StringRef>> operands);

  /// A tensor of a result's element type. Fails where it does not fit into the limits.
  std::optional<Tensor> make(mlir::Value result, llvm::ArrayRef<int64_t> shape);
  /// Sets a result. Fails where the lengths are not those of its type.
  mlir::LogicalResult set(mlir::Value result, Tensor value);
  mlir::LogicalResult set(mlir::Value result, Scalar value);
  mlir::LogicalResult fail(const llvm::Twine &message);

private:
  unsigned numberOf(mlir::Value operand);
  mlir::Operation *op;
  const OpSlots &slots;
  Frame &frame;
};

template <typename Op> void add(Rules &rules, mlir::LogicalResult (*evaluate)(Op, Evaluation &)) {
  rules[Op::getOperationName()] = [evaluate](Compiler &compiler, mlir::Operation *op) -> Step {
    compiler.oneAtATime();
    return [evaluate, op, slots = OpSlots(compiler, op)](Frame &frame) {
      Evaluation evaluation(op, slots, frame);
      return mlir::succeeded(evaluate(llvm::cast<Op>(op), evaluation));
    };
  };
}

/// "[2, 3]".
std::string describe(llvm::ArrayRef<int64_t> shape);

} // namespace moe::reference
