// RUN: moe-opt %s --moe-interpret -o /dev/null

// Functions of one number at 1/2 and 1.
func.func @test_functions() {
  %x = arith.constant dense<[0.5, 1.0]> : tensor<2xf64>
  %absf = math.absf %x : tensor<2xf64>
  %want_absf = arith.constant dense<[0.5, 1.0]> : tensor<2xf64>
  check.expect_close %absf, %want_absf {tolerance = 1.0e-15 : f64} : tensor<2xf64>, tensor<2xf64>
  %acos = math.acos %x : tensor<2xf64>
  %want_acos = arith.constant dense<[1.0471975511965979, 0.0]> : tensor<2xf64>
  check.expect_close %acos, %want_acos {tolerance = 1.0e-15 : f64} : tensor<2xf64>, tensor<2xf64>
  %asin = math.asin %x : tensor<2xf64>
  %want_asin = arith.constant dense<[0.5235987755982989, 1.5707963267948966]> : tensor<2xf64>
  check.expect_close %asin, %want_asin {tolerance = 1.0e-15 : f64} : tensor<2xf64>, tensor<2xf64>
  %asinh = math.asinh %x : tensor<2xf64>
  %want_asinh = arith.constant dense<[0.48121182505960347, 0.881373587019543]> : tensor<2xf64>
  check.expect_close %asinh, %want_asinh {tolerance = 1.0e-15 : f64} : tensor<2xf64>, tensor<2xf64>
  %atan = math.atan %x : tensor<2xf64>
  %want_atan = arith.constant dense<[0.4636476090008061, 0.7853981633974483]> : tensor<2xf64>
  check.expect_close %atan, %want_atan {tolerance = 1.0e-15 : f64} : tensor<2xf64>, tensor<2xf64>
  %cbrt = math.cbrt %x : tensor<2xf64>
  %want_cbrt = arith.constant dense<[0.7937005259840998, 1.0]> : tensor<2xf64>
  check.expect_close %cbrt, %want_cbrt {tolerance = 1.0e-15 : f64} : tensor<2xf64>, tensor<2xf64>
  %ceil = math.ceil %x : tensor<2xf64>
  %want_ceil = arith.constant dense<[1.0, 1.0]> : tensor<2xf64>
  check.expect_close %ceil, %want_ceil {tolerance = 1.0e-15 : f64} : tensor<2xf64>, tensor<2xf64>
  %cos = math.cos %x : tensor<2xf64>
  %want_cos = arith.constant dense<[0.8775825618903728, 0.5403023058681398]> : tensor<2xf64>
  check.expect_close %cos, %want_cos {tolerance = 1.0e-15 : f64} : tensor<2xf64>, tensor<2xf64>
  %cosh = math.cosh %x : tensor<2xf64>
  %want_cosh = arith.constant dense<[1.1276259652063807, 1.5430806348152437]> : tensor<2xf64>
  check.expect_close %cosh, %want_cosh {tolerance = 1.0e-15 : f64} : tensor<2xf64>, tensor<2xf64>
  %erf = math.erf %x : tensor<2xf64>
  %want_erf = arith.constant dense<[0.5204998778130465, 0.8427007929497149]> : tensor<2xf64>
  check.expect_close %erf, %want_erf {tolerance = 1.0e-15 : f64} : tensor<2xf64>, tensor<2xf64>
  %erfc = math.erfc %x : tensor<2xf64>
  %want_erfc = arith.constant dense<[0.4795001221869535, 0.15729920705028513]> : tensor<2xf64>
  check.expect_close %erfc, %want_erfc {tolerance = 1.0e-15 : f64} : tensor<2xf64>, tensor<2xf64>
  %exp = math.exp %x : tensor<2xf64>
  %want_exp = arith.constant dense<[1.6487212707001282, 2.718281828459045]> : tensor<2xf64>
  check.expect_close %exp, %want_exp {tolerance = 1.0e-15 : f64} : tensor<2xf64>, tensor<2xf64>
  %exp2 = math.exp2 %x : tensor<2xf64>
  %want_exp2 = arith.constant dense<[1.4142135623730951, 2.0]> : tensor<2xf64>
  check.expect_close %exp2, %want_exp2 {tolerance = 1.0e-15 : f64} : tensor<2xf64>, tensor<2xf64>
  %expm1 = math.expm1 %x : tensor<2xf64>
  %want_expm1 = arith.constant dense<[0.6487212707001282, 1.718281828459045]> : tensor<2xf64>
  check.expect_close %expm1, %want_expm1 {tolerance = 1.0e-15 : f64} : tensor<2xf64>, tensor<2xf64>
  %floor = math.floor %x : tensor<2xf64>
  %want_floor = arith.constant dense<[0.0, 1.0]> : tensor<2xf64>
  check.expect_close %floor, %want_floor {tolerance = 1.0e-15 : f64} : tensor<2xf64>, tensor<2xf64>
  %log = math.log %x : tensor<2xf64>
  %want_log = arith.constant dense<[-0.6931471805599453, 0.0]> : tensor<2xf64>
  check.expect_close %log, %want_log {tolerance = 1.0e-15 : f64} : tensor<2xf64>, tensor<2xf64>
  %log10 = math.log10 %x : tensor<2xf64>
  %want_log10 = arith.constant dense<[-0.3010299956639812, 0.0]> : tensor<2xf64>
  check.expect_close %log10, %want_log10 {tolerance = 1.0e-15 : f64} : tensor<2xf64>, tensor<2xf64>
  %log1p = math.log1p %x : tensor<2xf64>
  %want_log1p = arith.constant dense<[0.4054651081081644, 0.6931471805599453]> : tensor<2xf64>
  check.expect_close %log1p, %want_log1p {tolerance = 1.0e-15 : f64} : tensor<2xf64>, tensor<2xf64>
  %log2 = math.log2 %x : tensor<2xf64>
  %want_log2 = arith.constant dense<[-1.0, 0.0]> : tensor<2xf64>
  check.expect_close %log2, %want_log2 {tolerance = 1.0e-15 : f64} : tensor<2xf64>, tensor<2xf64>
  %rsqrt = math.rsqrt %x : tensor<2xf64>
  %want_rsqrt = arith.constant dense<[1.4142135623730951, 1.0]> : tensor<2xf64>
  check.expect_close %rsqrt, %want_rsqrt {tolerance = 1.0e-15 : f64} : tensor<2xf64>, tensor<2xf64>
  %sin = math.sin %x : tensor<2xf64>
  %want_sin = arith.constant dense<[0.479425538604203, 0.8414709848078965]> : tensor<2xf64>
  check.expect_close %sin, %want_sin {tolerance = 1.0e-15 : f64} : tensor<2xf64>, tensor<2xf64>
  %sinh = math.sinh %x : tensor<2xf64>
  %want_sinh = arith.constant dense<[0.5210953054937474, 1.1752011936438014]> : tensor<2xf64>
  check.expect_close %sinh, %want_sinh {tolerance = 1.0e-15 : f64} : tensor<2xf64>, tensor<2xf64>
  %sqrt = math.sqrt %x : tensor<2xf64>
  %want_sqrt = arith.constant dense<[0.7071067811865476, 1.0]> : tensor<2xf64>
  check.expect_close %sqrt, %want_sqrt {tolerance = 1.0e-15 : f64} : tensor<2xf64>, tensor<2xf64>
  %tan = math.tan %x : tensor<2xf64>
  %want_tan = arith.constant dense<[0.5463024898437905, 1.5574077246549023]> : tensor<2xf64>
  check.expect_close %tan, %want_tan {tolerance = 1.0e-15 : f64} : tensor<2xf64>, tensor<2xf64>
  %tanh = math.tanh %x : tensor<2xf64>
  %want_tanh = arith.constant dense<[0.46211715726000974, 0.7615941559557649]> : tensor<2xf64>
  check.expect_close %tanh, %want_tanh {tolerance = 1.0e-15 : f64} : tensor<2xf64>, tensor<2xf64>
  %trunc = math.trunc %x : tensor<2xf64>
  %want_trunc = arith.constant dense<[0.0, 1.0]> : tensor<2xf64>
  check.expect_close %trunc, %want_trunc {tolerance = 1.0e-15 : f64} : tensor<2xf64>, tensor<2xf64>
  return
}

// round goes away from 0 at halves, roundeven to the even number.
func.func @test_rounding() {
  %x = arith.constant dense<[0.5, 1.5, 2.5, -2.5]> : tensor<4xf32>
  %round = math.round %x : tensor<4xf32>
  %even = math.roundeven %x : tensor<4xf32>
  %want_round = arith.constant dense<[1.0, 2.0, 3.0, -3.0]> : tensor<4xf32>
  %want_even = arith.constant dense<[0.0, 2.0, 2.0, -2.0]> : tensor<4xf32>
  check.expect_eq %round, %want_round : tensor<4xf32>, tensor<4xf32>
  check.expect_eq %even, %want_even : tensor<4xf32>, tensor<4xf32>
  return
}

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
