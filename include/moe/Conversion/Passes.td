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

def LinalgToGpu : Pass<"moe-linalg-to-gpu", "::mlir::ModuleOp"> {
  let summary = "linalg on buffers to kernels on a grid";
  let description = [{
    Each linalg op on memrefs, and each memref.copy, becomes a kernel and a launch: a thread computes one element of the result, and threads that
    are neighbours take elements that are neighbours in memory. Reductions run in their thread, in order.

    ```mlir
    linalg.generic {...} ins(%a) outs(%b : memref<?x64xf32>) { math.exp }
    // becomes
    gpu.launch_func @device::@map_0 blocks in (%blocks, %c1, %c1) threads in (%c256, %c1, %c1) args(%a, %b, %n)
    ```
  }];
  let dependentDialects = ["::mlir::gpu::GPUDialect", "::mlir::scf::SCFDialect", "::mlir::memref::MemRefDialect"];
}

def MoeToGpu : Pass<"moe-to-gpu", "::mlir::ModuleOp"> {
  let summary = "moe ops to kernels on a grid, written for a GPU";
  let description = [{
    The ops that have kernels of their own for GPUs, on buffers: `moe.linear` and `moe.experts` are products of tiles with the chip's matrix
    instructions. Others are left for moe-to-kernels.

    ```mlir
    %y = moe.linear %x, %w : (tensor<?x64xf32>, tensor<128x64xf32>) -> tensor<?x128xf32>
    // becomes
    gpu.launch_func @device::@linear_0 blocks in (%rows, %columns, %c1) threads in (%c128, %c1, %c1) args(%x, %w, %y, %n)
    ```
  }];
  let options = [Option<"chip", "chip", "std::string", "\"sm_90a\"", "the GPU, which decides the matrix instructions">];
  let dependentDialects = ["::mlir::gpu::GPUDialect", "::mlir::NVVM::NVVMDialect", "::mlir::ROCDL::ROCDLDialect", "::moe::rt::RtDialect",
                           "::mlir::scf::SCFDialect", "::mlir::memref::MemRefDialect", "::mlir::vector::VectorDialect", "::mlir::math::MathDialect",
                           "::mlir::bufferization::BufferizationDialect"];
}

def LaunchesToGpu : Pass<"moe-launches-to-gpu", "::mlir::ModuleOp"> {
  let summary = "launches of tasks to kernels on a grid";
  let description = [{
    What has no kernel for GPUs runs the processor's: a thread takes one task. Bodies for one instruction set alone are dropped.

    ```mlir
    rt.launch @norm_0 tasks(%n) cost(%c) args(%x, %y : memref<?x64xf32>, memref<?x64xf32>)
    // becomes
    gpu.launch_func @device::@norm_0 blocks in (%blocks, %c1, %c1) threads in (%c64, %c1, %c1) args(%x, %y, %n)
    ```
  }];
  let dependentDialects = ["::mlir::gpu::GPUDialect", "::mlir::scf::SCFDialect"];
}

def DeviceChecks : Pass<"moe-device-checks", "::mlir::ModuleOp"> {
  let summary = "rt.check in kernels on a grid to stores";
  let description = [{
    Every kernel gets one more argument, the address of a word of the runtime; a check that does not hold leaves its number there and the kernel
    goes on. The texts become the module's attribute `rt.messages`. Runs when kernels are LLVM functions.

    ```mlir
    rt.check %ok, "index out of range"
    // becomes
    llvm.cond_br %ok, ^next, ^fail
    ^fail:
    llvm.store %number, %word : i32, !llvm.ptr
    ```
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def PrivateMemory : Pass<"moe-private-memory", "::mlir::gpu::GPUModuleOp"> {
  let summary = "memory on the stack of a thread gets the address space of private memory";
  let description = [{
    AMD's code generator wants to know where a stack slot lies.

    ```mlir
    %0 = memref.alloca() : memref<4xf32>
    // becomes
    %1 = memref.alloca() : memref<4xf32, #gpu.address_space<private>>
    %0 = memref.memory_space_cast %1 : memref<4xf32, #gpu.address_space<private>> to memref<4xf32>
    ```
  }];
  let dependentDialects = ["::mlir::memref::MemRefDialect"];
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
