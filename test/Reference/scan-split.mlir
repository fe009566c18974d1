// RUN: moe-opt %s --moe-interpret -o /dev/null

// Three updates at once are one and then two that go on from the state that the first left.
func.func @test_gated_delta() {
  %v = arith.constant dense<[[[[1.0, 2.0]], [[-3.0, 4.0]], [[5.0, -6.0]]]]> : tensor<1x3x1x2xf64>
  %k = arith.constant dense<[[[[0.5, 0.1]], [[0.2, -0.7]], [[0.3, 0.4]]]]> : tensor<1x3x1x2xf64>
  %a = arith.constant dense<[[[[-0.5, -0.2]], [[0.3, 0.7]], [[-0.1, 0.2]]]]> : tensor<1x3x1x2xf64>
  %g = arith.constant dense<[[[[[-0.5]]], [[[-1.0]]], [[[-0.25]]]]]> : tensor<1x3x1x1x1xf64>
  %y, %s = moe.scan %v key %k query %k decay %g low_rank %a, %k
     : (tensor<1x3x1x2xf64>, tensor<1x3x1x2xf64>, tensor<1x3x1x2xf64>, tensor<1x3x1x1x1xf64>, tensor<1x3x1x2xf64>, tensor<1x3x1x2xf64>)
       -> (tensor<1x3x1x2xf64>, tensor<1x1x2x2xf64>)
  %v1 = tensor.extract_slice %v[0, 0, 0, 0] [1, 1, 1, 2] [1, 1, 1, 1] : tensor<1x3x1x2xf64> to tensor<1x1x1x2xf64>
  %k1 = tensor.extract_slice %k[0, 0, 0, 0] [1, 1, 1, 2] [1, 1, 1, 1] : tensor<1x3x1x2xf64> to tensor<1x1x1x2xf64>
  %a1 = tensor.extract_slice %a[0, 0, 0, 0] [1, 1, 1, 2] [1, 1, 1, 1] : tensor<1x3x1x2xf64> to tensor<1x1x1x2xf64>
  %g1 = tensor.extract_slice %g[0, 0, 0, 0, 0] [1, 1, 1, 1, 1] [1, 1, 1, 1, 1] : tensor<1x3x1x1x1xf64> to tensor<1x1x1x1x1xf64>
  %v2 = tensor.extract_slice %v[0, 1, 0, 0] [1, 2, 1, 2] [1, 1, 1, 1] : tensor<1x3x1x2xf64> to tensor<1x2x1x2xf64>
  %k2 = tensor.extract_slice %k[0, 1, 0, 0] [1, 2, 1, 2] [1, 1, 1, 1] : tensor<1x3x1x2xf64> to tensor<1x2x1x2xf64>
  %a2 = tensor.extract_slice %a[0, 1, 0, 0] [1, 2, 1, 2] [1, 1, 1, 1] : tensor<1x3x1x2xf64> to tensor<1x2x1x2xf64>
  %g2 = tensor.extract_slice %g[0, 1, 0, 0, 0] [1, 2, 1, 1, 1] [1, 1, 1, 1, 1] : tensor<1x3x1x1x1xf64> to tensor<1x2x1x1x1xf64>
  %y1, %s1 = moe.scan %v1 key %k1 query %k1 decay %g1 low_rank %a1, %k1
     : (tensor<1x1x1x2xf64>, tensor<1x1x1x2xf64>, tensor<1x1x1x2xf64>, tensor<1x1x1x1x1xf64>, tensor<1x1x1x2xf64>, tensor<1x1x1x2xf64>)
       -> (tensor<1x1x1x2xf64>, tensor<1x1x2x2xf64>)
  %y2, %s2 = moe.scan %v2 key %k2 query %k2 decay %g2 low_rank %a2, %k2 states %s1
     : (tensor<1x2x1x2xf64>, tensor<1x2x1x2xf64>, tensor<1x2x1x2xf64>, tensor<1x2x1x1x1xf64>, tensor<1x2x1x2xf64>, tensor<1x2x1x2xf64>, tensor<1x1x2x2xf64>)
       -> (tensor<1x2x1x2xf64>, tensor<1x1x2x2xf64>)
  %both = tensor.concat dim(1) %y1, %y2 : (tensor<1x1x1x2xf64>, tensor<1x2x1x2xf64>) -> tensor<1x3x1x2xf64>
  check.expect_eq %both, %y : tensor<1x3x1x2xf64>, tensor<1x3x1x2xf64>
  check.expect_eq %s2, %s : tensor<1x1x2x2xf64>, tensor<1x1x2x2xf64>
  return
}
