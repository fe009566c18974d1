//===- Execution.h - running artefacts on the interpreter's tensors ------------------------------------*- C++ -*-===//
#pragma once

#include "moe/Reference/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"

struct moert_module;
struct moert_session;
struct moert_tensor;

namespace moe {

/// An artefact, loaded by the runtime that users run it with.
class Execution {
public:
  /// Loads the artefact in a folder; `isa` as in moert_module_options, "" for this machine's best.
  static llvm::Expected<Execution> load(const std::string &path, const std::string &isa = "");

  /// Runs an entry on tensors of its input types. `like` are the types of the results.
  llvm::Expected<std::vector<Tensor>> run(llvm::StringRef entry, llvm::ArrayRef<Tensor> inputs, mlir::TypeRange like);

private:
  std::shared_ptr<moert_module> module;
  std::shared_ptr<moert_session> session;
};

/// How far results are from what was expected.
struct Difference {
  double worst = 0;     ///< of all elements: |got - expected| over the largest expected magnitude, or over the floor where that is smaller
  int64_t place = 0;    ///< the worst element's place in row-major order
  bool comparable = true; ///< shapes agree, and so do the places of NaN and infinities
};

/// Compares element by element; integers and booleans differ by 0 or infinitely. `floor` is the least magnitude that differences are
/// taken relative to.
Difference compare(const Tensor &got, const Tensor &expected, double floor = 1);

/// A copy of a result of the runtime.
Tensor tensorOf(const moert_tensor &tensor, mlir::MLIRContext *context);

} // namespace moe
