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

def DequantizeToLinalg : Pass<"moe-dequantize-to-linalg", "::mlir::func::FuncOp"> {
  let summary = "moe.dequantize that no kernel reads packed to linalg";
  let description = [{
    Computes each element from its code when the code runs. The loop is elementwise, so that it moves into what reads it where that pays.

    ```mlir
    %0 = moe.dequantize %w scales %s {format = #moe.format<u4>, block = 32 : i64, zero = 8 : i64}
       : (tensor<8x32xi8>, tensor<8x2xf32>) -> tensor<8x64xf32>
    // becomes
    %0 = linalg.generic {...} outs(%e : tensor<8x64xf32>) { tensor.extract %w[...]; arith.shrui; ...; arith.mulf }
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

def LinalgToKernels : Pass<"moe-linalg-to-kernels", "::mlir::ModuleOp"> {
  let summary = "linalg on buffers to launched loops";
  let description = [{
    Each linalg op on memrefs becomes a kernel of loops and a launch. Parallel loops are the kernel's tasks; the innermost loop is the one
    whose elements are neighbours in memory, so that it vectorises. What does not change in the innermost loop is computed before it.

    ```mlir
    linalg.generic {...} ins(%a) outs(%b : memref<?x64xf32>) { math.exp }
    // becomes
    rt.launch @map tasks(%n) cost(%c) args(%a, %b, %d)
    ```
  }];
  let dependentDialects = ["::moe::rt::RtDialect", "::mlir::scf::SCFDialect", "::mlir::memref::MemRefDialect"];
}

def MoeToKernels : Pass<"moe-to-kernels", "::mlir::ModuleOp"> {
  let summary = "moe ops to launched kernels";
  let description = [{
    Each op of the moe dialect becomes kernels written for the target and their launches, on buffers. Weights become `rt.param`.

    ```mlir
    %w = moe.get_param @w : tensor<4xf32>
    // becomes
    %m = rt.param "w" : memref<4xf32>
    %w = bufferization.to_tensor %m restrict : memref<4xf32> to tensor<4xf32>
    ```
  }];
  let dependentDialects = ["::moe::rt::RtDialect", "::mlir::scf::SCFDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::bufferization::BufferizationDialect", "::mlir::vector::VectorDialect", "::mlir::math::MathDialect",
                           "::mlir::x86vector::X86VectorDialect", "::mlir::amx::AMXDialect", "::mlir::LLVM::LLVMDialect"];
}

def RtToLLVM : Pass<"moe-rt-to-llvm", "::mlir::ModuleOp"> {
  let summary = "rt ops, kernels and entries to the runtime's ABI";
  let description = [{
    Gives every function the call as first argument, kernels the signature of `moert_kernel`, and each entry a wrapper with that of
    `moert_entry` (runtime/include/moert/abi.h). Allocations, launches, weights and checks become calls through the table of the call.
    Runs on control-flow form (after scf-to-cf), because a failed check leaves the function.

    ```mlir
    rt.check %ok, "index out of range"
    // becomes
    cf.cond_br %ok, ^next, ^fail
    ```
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::cf::ControlFlowDialect"];
}

#endif // MOE_CONVERSION_PASSES
