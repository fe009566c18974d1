// RUN: moe-opt %s --allow-unregistered-dialect --pass-pipeline='builtin.module(gpu.module(moe-private-memory))' | FileCheck %s

gpu.module @device {
  gpu.func @k() kernel {
    // CHECK: %[[OWN:.*]] = memref.alloca() : memref<4xf32, #gpu.address_space<private>>
    // CHECK: memref.memory_space_cast %[[OWN]] : memref<4xf32, #gpu.address_space<private>> to memref<4xf32>
    %0 = memref.alloca() : memref<4xf32>
    "test.use"(%0) : (memref<4xf32>) -> ()
    gpu.return
  }
}
