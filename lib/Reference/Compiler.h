//===- Compiler.h - from ops to steps ----------------------------------------------------------------------*- C++ -*-===//
#pragma once

#include "Program.h"

namespace moe::reference {

class Compiler;
/// Makes the step of one op. Null after Compiler::fail.
using Rule = std::function<Step(Compiler &, mlir::Operation *)>;
using Rules = llvm::StringMap<Rule>;
/// The rules of all ops by name.
const Rules &rules();

/// The body of a linalg op, whose scalars are wide.
struct LaneScope {
  mlir::Region *body;
  bool single = false;                        ///< something in the body works on one element at a time
  std::vector<std::pair<int, int>> captured;  ///< scalar of the function -> its wide copy
  llvm::DenseMap<mlir::Value, int> copies;
  std::vector<std::pair<int, int>> indices;   ///< loop -> wide slot that holds its counter
};

class Compiler {
public:
  Compiler(Machine &machine, Program &program) : machine(machine), program(program) {}

  Machine &machine;

  /// The steps of all ops of a block but its terminator. False after a failure.
  bool block(mlir::Block &block, Steps &steps);
  /// Null, after the failure was recorded.
  Step fail(mlir::Operation *op, const llvm::Twine &message);

  /// A new slot for a value that the current op or block defines.
  Slot define(mlir::Value value);
  /// The slot of a value that has been defined. Scalars from outside a body become wide.
  Slot slot(mlir::Value value);
  /// True where `op` is the last reader of a tensor and reads it once, as an operand: it may have the storage.
  bool mayTake(mlir::Value value, mlir::Operation *op);
  /// The moves that a terminator makes into `to`.
  llvm::SmallVector<Move> moves(mlir::ValueRange from, llvm::ArrayRef<Slot> to, mlir::Operation *reader);

  /// The body that is being compiled; null in function code.
  LaneScope *scope = nullptr;
  /// Called by rules that work on one element at a time.
  void oneAtATime() {
    if (scope)
      scope->single = true;
  }

private:
  mlir::Operation *lastReader(mlir::Value value);
  llvm::SmallVector<int> released(mlir::Operation &op);
  llvm::DenseMap<mlir::Value, Slot> slots;
  Program &program;
};

/// Compiles a block with its arguments and the operands of its terminator as results. False after a failure.
bool compile(Machine &machine, mlir::Block &block, Program &program);

//===- the families of rules ------------------------------------------------------------------------------------===//

void addArith(Rules &rules);
void addMath(Rules &rules);
void addTensor(Rules &rules);
void addLinalg(Rules &rules);
void addControl(Rules &rules);
void addCheck(Rules &rules);
void addMemory(Rules &rules);
void addState(Rules &rules);
void addRouting(Rules &rules);
void addExperts(Rules &rules);
void addAttention(Rules &rules);
void addScan(Rules &rules);
void addDequantize(Rules &rules);
void addQuantize(Rules &rules);

} // namespace moe::reference
