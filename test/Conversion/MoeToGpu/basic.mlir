// RUN: moe-opt %s --pass-pipeline='builtin.module(moe-to-gpu{chip=sm_80})' | FileCheck %s --check-prefixes=CHECK,NVIDIA
// RUN: moe-opt %s --pass-pipeline='builtin.module(moe-to-gpu{chip=gfx942})' | FileCheck %s --check-prefixes=CHECK,AMD
// RUN: not moe-opt %s --pass-pipeline='builtin.module(moe-to-gpu{chip=sm_1})' 2>&1 | FileCheck %s --check-prefix=CHIP
// CHIP: moe-to-gpu: 'sm_1' is no GPU that is known; there are sm_90a, sm_80

// Four waves share a tile; operands of bfloat16 take the chip's matrix instruction.
// CHECK: gpu.func @linear_0
// CHECK-SAME: workgroup({{.*}} : memref<64x40xbf16, #gpu.address_space<workgroup>>, {{.*}} : memref<64x40xbf16, #gpu.address_space<workgroup>>)
// NVIDIA-SAME: known_block_size = array<i32: 128, 1, 1>
// AMD-SAME: known_block_size = array<i32: 256, 1, 1>
// NVIDIA: nvvm.mma.sync
// AMD: llvm.call_intrinsic "llvm.amdgcn.mfma.f32.16x16x16bf16.1k"
// CHECK-LABEL: func.func @main
// CHECK: gpu.launch_func @device::@linear_0
func.func @main(%x: tensor<?x64xbf16>, %w: tensor<128x64xbf16>) -> tensor<?x128xf32> {
  %y = moe.linear %x, %w : (tensor<?x64xbf16>, tensor<128x64xbf16>) -> tensor<?x128xf32>
  return %y : tensor<?x128xf32>
}

// Weights in panels are left to the processor's kernels.
// CHECK-LABEL: func.func @panels
// CHECK: moe.linear
func.func @panels(%x: tensor<?x64xf32>, %w: tensor<8x64x16xf32>) -> tensor<?x128xf32> {
  %m = moe.unpack %w : tensor<8x64x16xf32> -> tensor<128x64xf32>
  %y = moe.linear %x, %m : (tensor<?x64xf32>, tensor<128x64xf32>) -> tensor<?x128xf32>
  return %y : tensor<?x128xf32>
}
