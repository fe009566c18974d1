//===- Interpreter.h - the meaning of programs, executed ------------------------------------------------*- C++ -*-===//
//
// The oracle of the project: each op has a rule written for clarity. Rules of moe ops add up in double and round once at the end;
// bodies of linalg ops are executed op by op, each rounded to its type, but for sums of products of floats, which add up in double.
//
//===------------------------------------------------------------------------------------------------------------===//
#pragma once

#include "moe/Reference/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"
#include <random>

namespace moe {

struct InterpreterLimits {
  int64_t bytes = int64_t(8) << 30; ///< of one tensor
  int64_t work = INT64_MAX;         ///< scalar operations of one run
};

/// Why a run ended early: the op's location and a message that begins with its name.
class InterpreterError : public llvm::ErrorInfo<InterpreterError> {
public:
  InterpreterError(mlir::Location location, std::string message) : location(location), message(std::move(message)) {}
  static char ID;
  mlir::Location location;
  std::string message;
  void log(llvm::raw_ostream &out) const override { out << message; }
  std::error_code convertToErrorCode() const override { return llvm::inconvertibleErrorCode(); }
};

/// Runs the functions of a module: func, arith, math, tensor, linalg, scf, affine.apply, moe, check, rt.check and onnx.constant. A module
/// with onnx.node ops is legalised on a copy first. Programs, weights and states are kept between runs. Not thread-safe.
class Interpreter {
public:
  /// The module must outlive the interpreter and stay as it is. Paths of weights are relative to the file that the module's location
  /// names.
  explicit Interpreter(mlir::ModuleOp module, const InterpreterLimits &limits = {});
  ~Interpreter();

  /// Runs a function on tensors of its argument types; scalars are tensors of rank 0. Fails with an InterpreterError.
  llvm::Expected<std::vector<Tensor>> run(llvm::StringRef function, llvm::ArrayRef<Tensor> inputs = {});

  /// The value of a weight; weights that it is computed from are kept until the next run.
  llvm::Expected<Tensor> param(llvm::StringRef name);

private:
  struct State;
  std::unique_ptr<State> state;
};

/// Floats of the standard normal distribution, times `scale`; the same for a seed on every machine.
Tensor randomNormal(mlir::Type element, llvm::ArrayRef<int64_t> shape, std::mt19937_64 &generator, double scale = 1);
/// Integers of [low, high).
Tensor randomIntegers(mlir::Type element, llvm::ArrayRef<int64_t> shape, int64_t low, int64_t high, std::mt19937_64 &generator);

struct FoldBudget {
  int64_t bytes = 64 << 10; ///< of each result
  int64_t work = 1 << 22;   ///< scalar operations
};

/// The results of an op without side effects whose operands are all constants; nullopt where they are not, where the interpreter
/// cannot run the op, where its run fails, or where the budget does not suffice. An onnx.node is legalised on a copy; a pass that folds
/// one depends on the dialects that LegalizeOnnx depends on. Emits no diagnostics.
std::optional<std::vector<mlir::DenseElementsAttr>> foldConstants(mlir::Operation *op, const FoldBudget &budget = {});

} // namespace moe
