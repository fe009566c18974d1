//===- Interpret.cpp - runs the module's tests in the reference interpreter -------------------------------------===//
#include "moe/Dialect/Moe.h"
#include "moe/Dialect/Rt.h"
#include "moe/Reference/Interpreter.h"
#include "moe/Transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace moe {
#define GEN_PASS_DEF_INTERPRET
#include "moe/Transforms/Passes.h.inc"

namespace {

struct InterpretPass : impl::InterpretBase<InterpretPass> {
  void runOnOperation() override {
    Interpreter interpreter(getOperation());
    int64_t run = 0;
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      StringRef name = function.getName();
      if (function.getNumArguments() || !(name == "main" || name.starts_with("test_")))
        continue;
      ++run;
      auto results = interpreter.run(name);
      if (results)
        ++passed;
      else
        llvm::handleAllErrors(results.takeError(), [&](const InterpreterError &error) {
          emitError(error.location, error.message);
          signalPassFailure();
        });
    }
    if (!run) {
      getOperation().emitError("moe-interpret: no function @main or @test_... without arguments");
      signalPassFailure();
    }
    markAllAnalysesPreserved();
  }
};

} // namespace
} // namespace moe
