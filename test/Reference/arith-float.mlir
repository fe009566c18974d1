// RUN: moe-opt %s --moe-interpret -o /dev/null

// Each op rounds to its type: in f16, 2048 + 1 is halfway and goes to the even 2048; in bf16, 256 + 1 too.
func.func @test_rounds_each_op() {
  %a = arith.constant dense<[2048.0]> : tensor<1xf16>
  %one = arith.constant dense<[1.0]> : tensor<1xf16>
  %b = arith.addf %a, %one : tensor<1xf16>
  %c = arith.addf %b, %one : tensor<1xf16>
  %x = arith.constant dense<[256.0]> : tensor<1xbf16>
  %y = arith.constant dense<[1.0]> : tensor<1xbf16>
  %z = arith.addf %x, %y : tensor<1xbf16>
  check.expect_eq %c, %a : tensor<1xf16>, tensor<1xf16>
  check.expect_eq %z, %x : tensor<1xbf16>, tensor<1xbf16>
  return
}

// maximumf gives NaN for NaN, maxnumf the number. -0 is below 0: 1 / max(-0, 0) is +inf.
func.func @test_max() {
  %a = arith.constant dense<[0x7FC00000, -0.0, 2.0]> : tensor<3xf32>
  %b = arith.constant dense<[1.0, 0.0, 3.0]> : tensor<3xf32>
  %one = arith.constant dense<1.0> : tensor<3xf32>
  %max = arith.maximumf %a, %b : tensor<3xf32>
  %num = arith.maxnumf %a, %b : tensor<3xf32>
  %min = arith.minimumf %b, %a : tensor<3xf32>
  %inverse = arith.divf %one, %max : tensor<3xf32>
  %inverse_min = arith.divf %one, %min : tensor<3xf32>
  %want_num = arith.constant dense<[1.0, 0.0, 3.0]> : tensor<3xf32>
  %want_inverse = arith.constant dense<[0x7FC00000, 0x7F800000, 0x3EAAAAAB]> : tensor<3xf32>
  %want_inverse_min = arith.constant dense<[0x7FC00000, 0xFF800000, 0.5]> : tensor<3xf32>
  check.expect_eq %num, %want_num : tensor<3xf32>, tensor<3xf32>
  check.expect_eq %inverse, %want_inverse : tensor<3xf32>, tensor<3xf32>
  check.expect_eq %inverse_min, %want_inverse_min : tensor<3xf32>, tensor<3xf32>
  return
}

// remf has the sign of the dividend.
func.func @test_rem() {
  %a = arith.constant dense<[5.5, -5.5]> : tensor<2xf32>
  %b = arith.constant dense<[2.0, 2.0]> : tensor<2xf32>
  %c = arith.remf %a, %b : tensor<2xf32>
  %want = arith.constant dense<[1.5, -1.5]> : tensor<2xf32>
  check.expect_eq %c, %want : tensor<2xf32>, tensor<2xf32>
  return
}
