// RUN: moe-opt %s --moe-interpret -o /dev/null

// Integers become floats with one rounding: over double, 2^54 + 2^30 + 1 would become a tie and go down to 2^54.
func.func @test_integer_to_float() {
  %a = arith.constant dense<[18014399583223809, -1]> : tensor<2xi64>
  %signed = arith.sitofp %a : tensor<2xi64> to tensor<2xf32>
  %unsigned = arith.uitofp %a : tensor<2xi64> to tensor<2xf32>
  %want_signed = arith.constant dense<[0x5A800001, -1.0]> : tensor<2xf32>
  %want_unsigned = arith.constant dense<[0x5A800001, 0x5F800000]> : tensor<2xf32>
  check.expect_eq %signed, %want_signed : tensor<2xf32>, tensor<2xf32>
  check.expect_eq %unsigned, %want_unsigned : tensor<2xf32>, tensor<2xf32>
  return
}

// Floats are cut; NaN and what does not fit give the lowest integer.
func.func @test_float_to_integer() {
  %a = arith.constant dense<[-1.75, 1.75, 1.0e10, 0x7FC00000]> : tensor<4xf32>
  %i = arith.fptosi %a : tensor<4xf32> to tensor<4xi32>
  %want = arith.constant dense<[-1, 1, -2147483648, -2147483648]> : tensor<4xi32>
  check.expect_eq %i, %want : tensor<4xi32>, tensor<4xi32>
  return
}
