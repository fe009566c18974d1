// RUN: moe-opt %s --moe-interpret -o /dev/null

// Results wrap at the width of the type.
func.func @test_wrap() {
  %a = arith.constant dense<[127, -128, 100]> : tensor<3xi8>
  %sum = arith.addi %a, %a : tensor<3xi8>
  %product = arith.muli %a, %a : tensor<3xi8>
  %want_sum = arith.constant dense<[-2, 0, -56]> : tensor<3xi8>
  %want_product = arith.constant dense<[1, 0, 16]> : tensor<3xi8>
  check.expect_eq %sum, %want_sum : tensor<3xi8>, tensor<3xi8>
  check.expect_eq %product, %want_product : tensor<3xi8>, tensor<3xi8>
  return
}

// Bits: shifts by the width or more leave 0, or the sign.
func.func @test_bits() {
  %a = arith.constant dense<[-8, 6]> : tensor<2xi16>
  %by = arith.constant dense<[1, 16]> : tensor<2xi16>
  %left = arith.shli %a, %by : tensor<2xi16>
  %right = arith.shrsi %a, %by : tensor<2xi16>
  %zero = arith.shrui %a, %by : tensor<2xi16>
  %want_left = arith.constant dense<[-16, 0]> : tensor<2xi16>
  %want_right = arith.constant dense<[-4, 0]> : tensor<2xi16>
  %want_zero = arith.constant dense<[32764, 0]> : tensor<2xi16>
  check.expect_eq %left, %want_left : tensor<2xi16>, tensor<2xi16>
  check.expect_eq %right, %want_right : tensor<2xi16>, tensor<2xi16>
  check.expect_eq %zero, %want_zero : tensor<2xi16>, tensor<2xi16>
  return
}
