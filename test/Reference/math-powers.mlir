// RUN: moe-opt %s --moe-interpret -o /dev/null

// Powers; of integers, a negative one is 0 but for bases 1 and -1.
func.func @test_powers() {
  %x = arith.constant dense<[2.0, -2.0, 0.0]> : tensor<3xf32>
  %y = arith.constant dense<[0.5, 3.0, 0.0]> : tensor<3xf32>
  %power = math.powf %x, %y : tensor<3xf32>
  %want_power = arith.constant dense<[1.41421354, -8.0, 1.0]> : tensor<3xf32>
  %a = arith.constant dense<[3, -1, 2, 2]> : tensor<4xi32>
  %b = arith.constant dense<[4, -3, -1, 33]> : tensor<4xi32>
  %integer = math.ipowi %a, %b : tensor<4xi32>
  %want_integer = arith.constant dense<[81, -1, 0, 0]> : tensor<4xi32>
  check.expect_eq %power, %want_power : tensor<3xf32>, tensor<3xf32>
  check.expect_eq %integer, %want_integer : tensor<4xi32>, tensor<4xi32>
  return
}

// fma rounds once: (1 + 2^-12)^2 - 1 - 2^-11 = 2^-24, which a product rounded to f32 has lost.
func.func @test_fma() {
  %x = arith.constant dense<[1.000244140625]> : tensor<1xf32>
  %z = arith.constant dense<[-1.00048828125]> : tensor<1xf32>
  %y = math.fma %x, %x, %z : tensor<1xf32>
  %want = arith.constant dense<[5.9604644775390625e-08]> : tensor<1xf32>
  check.expect_eq %y, %want : tensor<1xf32>, tensor<1xf32>
  return
}
