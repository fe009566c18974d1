// RUN: moe-opt %s --moe-expose-proofs | FileCheck %s

// A function that the raise stage did not mark keeps its assertions.
// CHECK: check.expect_close
func.func @test_close(%x: tensor<4xf32>) {
  check.expect_close %x, %x : tensor<4xf32>, tensor<4xf32>
  return
}
