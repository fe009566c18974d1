// RUN: moe-opt %s --moe-interpret -split-input-file -verify-diagnostics -o /dev/null

// A quarter turn (cos 0, sin 1) takes the pair (a, b) to (-b, a). Pairs are (0, 2) and (1, 3), or with interleaved (0, 1) and (2, 3);
// the angle of the second pair is 0.
func.func @test_pairs() {
  %x = arith.constant dense<[[[[1.0, 2.0, 3.0, 4.0]]]]> : tensor<1x1x1x4xf32>
  %cos = arith.constant dense<[[[0.0, 1.0]]]> : tensor<1x1x2xf32>
  %sin = arith.constant dense<[[[1.0, 0.0]]]> : tensor<1x1x2xf32>
  %split = moe.rotary %x, %cos, %sin : (tensor<1x1x1x4xf32>, tensor<1x1x2xf32>, tensor<1x1x2xf32>) -> tensor<1x1x1x4xf32>
  %inter = moe.rotary %x, %cos, %sin {interleaved} : (tensor<1x1x1x4xf32>, tensor<1x1x2xf32>, tensor<1x1x2xf32>) -> tensor<1x1x1x4xf32>
  %want_split = arith.constant dense<[[[[-3.0, 2.0, 1.0, 4.0]]]]> : tensor<1x1x1x4xf32>
  %want_inter = arith.constant dense<[[[[-2.0, 1.0, 3.0, 4.0]]]]> : tensor<1x1x1x4xf32>
  check.expect_eq %split, %want_split : tensor<1x1x1x4xf32>, tensor<1x1x1x4xf32>
  check.expect_eq %inter, %want_inter : tensor<1x1x1x4xf32>, tensor<1x1x1x4xf32>
  return
}

// R = 2 of D = 3: the last element passes through. Batch 0 does not turn, batch 1 turns by a half; both heads alike.
func.func @test_partial_and_batches() {
  %x = arith.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %e = tensor.empty() : tensor<2x2x1x3xf32>
  %all = linalg.broadcast ins(%x : tensor<3xf32>) outs(%e : tensor<2x2x1x3xf32>) dimensions = [0, 1, 2]
  %cos = arith.constant dense<[[[1.0]], [[-1.0]]]> : tensor<2x1x1xf32>
  %sin = arith.constant dense<0.0> : tensor<2x1x1xf32>
  %y = moe.rotary %all, %cos, %sin : (tensor<2x2x1x3xf32>, tensor<2x1x1xf32>, tensor<2x1x1xf32>) -> tensor<2x2x1x3xf32>
  %want = arith.constant dense<[[[[1.0, 2.0, 3.0]], [[1.0, 2.0, 3.0]]], [[[-1.0, -2.0, 3.0]], [[-1.0, -2.0, 3.0]]]]> : tensor<2x2x1x3xf32>
  check.expect_eq %y, %want : tensor<2x2x1x3xf32>, tensor<2x2x1x3xf32>
  return
}

// -----

func.func @test_too_wide() {
  %x = arith.constant dense<0.0> : tensor<1x1x1x2xf32>
  %cos = arith.constant dense<0.0> : tensor<1x1x2xf32>
  %open = tensor.cast %cos : tensor<1x1x2xf32> to tensor<1x1x?xf32>
  // expected-error @below {{moe.rotary: cos and sin with the lengths [1, 1, 2] for x with [1, 1, 1, 2]}}
  %y = moe.rotary %x, %open, %open : (tensor<1x1x1x2xf32>, tensor<1x1x?xf32>, tensor<1x1x?xf32>) -> tensor<1x1x1x2xf32>
  return
}
