// RUN: moe-opt %s --moe-emulate-tiles | FileCheck %s

// The body with tiles takes the name of that for AVX-512, which goes.
// CHECK-NOT: amx
// CHECK-LABEL: func.func private @clear.avx512
// CHECK-SAME: rt.isa = "avx512"
// CHECK: %[[ZERO:.*]] = arith.constant dense<0.000000e+00> : vector<16x16xf32>
// CHECK-COUNT-16: vector.store
func.func private @clear.avx512(%begin: index, %end: index, %out: memref<16x16xf32>) attributes {rt.kernel, rt.isa = "avx512"} {
  return
}
func.func private @clear.amx(%begin: index, %end: index, %out: memref<16x16xf32>) attributes {rt.kernel, rt.isa = "amx"} {
  %zero = amx.tile_zero : !amx.tile<16x16xf32>
  amx.tile_store %out[%begin, %begin], %zero : memref<16x16xf32>, !amx.tile<16x16xf32>
  return
}
