// RUN: moe-opt %s --moe-interpret -o /dev/null

func.func @test_moves() {
  %x = arith.constant dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi32>
  %e = tensor.empty() : tensor<3x2xi32>
  %t = linalg.transpose ins(%x : tensor<2x3xi32>) outs(%e : tensor<3x2xi32>) permutation = [1, 0]
  %row = arith.constant dense<[7, 8]> : tensor<2xi32>
  %b = linalg.broadcast ins(%row : tensor<2xi32>) outs(%e : tensor<3x2xi32>) dimensions = [0]
  %sum = linalg.map { arith.addi } ins(%t, %b : tensor<3x2xi32>, tensor<3x2xi32>) outs(%e : tensor<3x2xi32>)
  %want = arith.constant dense<[[8, 12], [9, 13], [10, 14]]> : tensor<3x2xi32>
  check.expect_eq %sum, %want : tensor<3x2xi32>, tensor<3x2xi32>
  return
}

// A fill leaves other readers of its operand alone.
func.func @test_fill() {
  %x = arith.constant dense<[1, 2]> : tensor<2xi32>
  %y = arith.addi %x, %x : tensor<2xi32>
  %nine = arith.constant 9 : i32
  %f = linalg.fill ins(%nine : i32) outs(%y : tensor<2xi32>) -> tensor<2xi32>
  %want_f = arith.constant dense<9> : tensor<2xi32>
  %want_y = arith.constant dense<[2, 4]> : tensor<2xi32>
  check.expect_eq %f, %want_f : tensor<2xi32>, tensor<2xi32>
  check.expect_eq %y, %want_y : tensor<2xi32>, tensor<2xi32>
  return
}

// Products of integers wrap op by op.
func.func @test_integer_matmul() {
  %a = arith.constant dense<[[100, 100]]> : tensor<1x2xi8>
  %b = arith.constant dense<[[1], [1]]> : tensor<2x1xi8>
  %zero = arith.constant dense<0> : tensor<1x1xi8>
  %y = linalg.matmul ins(%a, %b : tensor<1x2xi8>, tensor<2x1xi8>) outs(%zero : tensor<1x1xi8>) -> tensor<1x1xi8>
  %want = arith.constant dense<-56> : tensor<1x1xi8>
  check.expect_eq %y, %want : tensor<1x1xi8>, tensor<1x1xi8>
  return
}
