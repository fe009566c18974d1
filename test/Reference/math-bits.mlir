// RUN: moe-opt %s --moe-interpret -o /dev/null

func.func @test_bits_and_tests() {
  %i = arith.constant dense<[0, 5, -1]> : tensor<3xi8>
  %ones = math.ctpop %i : tensor<3xi8>
  %leading = math.ctlz %i : tensor<3xi8>
  %trailing = math.cttz %i : tensor<3xi8>
  %size = math.absi %i : tensor<3xi8>
  %x = arith.constant dense<[0x7FC00000, 0x7F800000, 1.0]> : tensor<3xf32>
  %nan = math.isnan %x : tensor<3xf32>
  %want_ones = arith.constant dense<[0, 2, 8]> : tensor<3xi8>
  %want_leading = arith.constant dense<[8, 5, 0]> : tensor<3xi8>
  %want_trailing = arith.constant dense<[8, 0, 0]> : tensor<3xi8>
  %want_size = arith.constant dense<[0, 5, 1]> : tensor<3xi8>
  %want_nan = arith.constant dense<[true, false, false]> : tensor<3xi1>
  check.expect_eq %ones, %want_ones : tensor<3xi8>, tensor<3xi8>
  check.expect_eq %leading, %want_leading : tensor<3xi8>, tensor<3xi8>
  check.expect_eq %trailing, %want_trailing : tensor<3xi8>, tensor<3xi8>
  check.expect_eq %size, %want_size : tensor<3xi8>, tensor<3xi8>
  check.expect_eq %nan, %want_nan : tensor<3xi1>, tensor<3xi1>
  return
}
