//===- Passes.td - passes within the language -------------------------------------------------------------------===//
#ifndef MOE_TRANSFORMS_PASSES
#define MOE_TRANSFORMS_PASSES

include "mlir/Pass/PassBase.td"

def ScalarizeShapes : Pass<"moe-scalarize-shapes", "::mlir::func::FuncOp"> {
  let summary = "shape arithmetic on tiny tensors becomes scalar arithmetic";
  let description = [{
    ONNX computes with shapes in tensors of a few integers. An op on such tensors, whose elements are known as scalars, becomes
    arithmetic on those scalars, which folds; no buffer is left for it.

    ```mlir
    %t = tensor.from_elements %a, %b : tensor<2xi64>
    %s = linalg.generic ... ins(%t, %c : tensor<2xi64>, tensor<2xi64>) { arith.muli }
    // becomes
    %x = arith.muli %a, %c0 : i64
    %y = arith.muli %b, %c1 : i64
    %s = tensor.from_elements %x, %y : tensor<2xi64>
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect"];
}

#endif // MOE_TRANSFORMS_PASSES
