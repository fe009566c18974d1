//===- Passes.td - passes from one dialect to another -----------------------------------------------------------===//
#ifndef MOE_CONVERSION_PASSES
#define MOE_CONVERSION_PASSES

include "mlir/Pass/PassBase.td"

def LegalizeOnnx : Pass<"moe-legalize-onnx", "::mlir::ModuleOp"> {
  let summary = "onnx.node to tensor, linalg and arith";
  let description = [{
    Lowers each `onnx.node` by the meaning of its operator and version; what has no lowering of its own is expanded through its
    ONNX function body. Lengths that the symbolic analysis proves equal share one value; an operand that may or may not be
    broadcast is read through a stride chosen when the code runs. A node with neither is an error that names it.

    ```mlir
    %0 = onnx.node "Add"(%a, %b) version 14 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    // becomes
    %e = tensor.empty() : tensor<4xf32>
    %0 = linalg.generic {...} ins(%a, %b) outs(%e) { arith.addf }
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect", "::mlir::scf::SCFDialect", "::moe::MoeDialect",
                           "::moe::rt::RtDialect"];
}

#endif // MOE_CONVERSION_PASSES
