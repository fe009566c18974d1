// RUN: moe-opt %s --moe-interpret -o /dev/null

func.func @test_concat() {
  %a = arith.constant dense<[[1], [4]]> : tensor<2x1xi32>
  %b = arith.constant dense<[[2, 3], [5, 6]]> : tensor<2x2xi32>
  %c = tensor.concat dim(1) %a, %b : (tensor<2x1xi32>, tensor<2x2xi32>) -> tensor<2x3xi32>
  %want = arith.constant dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi32>
  check.expect_eq %c, %want : tensor<2x3xi32>, tensor<2x3xi32>
  return
}
