//===- Program.h - functions prepared for the interpreter ------------------------------------------------*- C++ -*-===//
//
// A function becomes a list of steps, one closure per op, over numbered slots. A tensor slot holds a tensor. A scalar slot of function
// code holds one scalar; one inside the body of a linalg op holds kLanes of them, because such a body runs on many elements at once:
// each step then works on frame.lanes elements. One set of rules serves both.
//
//===------------------------------------------------------------------------------------------------------------===//
#pragma once

#include "moe/Reference/Interpreter.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/DenseMap.h"
#include <functional>

namespace moe::reference {

constexpr int kLanes = 64;

/// A float in `real`, anything else in `integer`: sign-extended, so that a true boolean is -1; unsigned integers zero-extended.
union Scalar {
  double real;
  int64_t integer;
};

class Machine;

/// The values of one call of a function.
struct Frame {
  Frame(Machine &machine, int scalars, int lanes, int tensors)
      : machine(machine), scalars(scalars), wide(size_t(lanes) * kLanes), tensors(tensors) {}
  Machine &machine;
  std::vector<Scalar> scalars, wide;
  std::vector<Tensor> tensors;
  int lanes = 1; ///< elements that wide slots hold at the moment

  /// The scalars of a slot: those of function code are not negative, wide ones are.
  Scalar *at(int slot) { return slot >= 0 ? &scalars[slot] : &wide[size_t(~slot) * kLanes]; }
};

/// False where the run has failed; the machine knows why.
using Step = std::function<bool(Frame &)>;
using Steps = std::vector<Step>;

inline bool run(const Steps &steps, Frame &frame) {
  for (const Step &step : steps)
    if (!step(frame))
      return false;
  return true;
}

struct Slot {
  bool isTensor = false;
  int index = 0;
};

/// What leaves a region, and where it goes; all moves happen at once.
struct Move {
  Slot from, to;
  bool last; ///< nobody reads `from` afterwards
};
void moveAll(llvm::ArrayRef<Move> moves, Frame &frame);

/// A function or region that can run.
struct Program {
  Steps steps;
  llvm::SmallVector<Slot> arguments, results;
  llvm::SmallVector<mlir::Type> resultTypes;
  int scalars = 0, lanes = 0, tensors = 0; ///< slots
};

/// The state that all calls of a run share.
class Machine {
public:
  Machine(mlir::ModuleOp module, const InterpreterLimits &limits) : module(module), symbols(module), limits(limits), workLeft(limits.work) {}

  mlir::ModuleOp module;
  mlir::SymbolTable symbols;
  InterpreterLimits limits;

  /// Records why the run failed; the first reason stays. Returns false.
  bool fail(mlir::Location location, const llvm::Twine &message);
  /// The same with the op's name before the message.
  bool fail(mlir::Operation *op, const llvm::Twine &message);
  llvm::Error takeError();
  /// Counts scalar operations against the limit.
  bool spend(mlir::Operation *op, int64_t operations);
  void refill() { workLeft = limits.work; }

  /// The program of a function; null after a failure.
  const Program *program(mlir::func::FuncOp function);
  /// Runs a program for `caller` on arguments that have the types of its own.
  std::optional<std::vector<Tensor>> call(const Program &program, llvm::ArrayRef<Tensor> arguments, mlir::Operation *caller);
  /// The value of a weight, read or computed once, for `user`; null after a failure.
  const Tensor *param(llvm::StringRef name, mlir::Operation *user);
  /// A state, kept from run to run; nullopt while it is fresh.
  std::optional<Tensor> &state(llvm::StringRef name) { return states[name]; }

private:
  llvm::DenseMap<mlir::Operation *, std::unique_ptr<Program>> programs;
  llvm::StringMap<std::optional<Tensor>> params; ///< empty while it is being computed
  llvm::StringMap<std::optional<Tensor>> states;
  int64_t workLeft;
  int depth = 0;
  std::optional<std::pair<mlir::Location, std::string>> failure;
};

} // namespace moe::reference
