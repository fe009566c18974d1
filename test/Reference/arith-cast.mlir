// RUN: moe-opt %s --moe-interpret -o /dev/null

// True extends to -1 with its sign, and to 1 without.
func.func @test_booleans() {
  %b = arith.constant dense<[true, false]> : tensor<2xi1>
  %signed = arith.extsi %b : tensor<2xi1> to tensor<2xi32>
  %unsigned = arith.extui %b : tensor<2xi1> to tensor<2xi32>
  %float = arith.uitofp %b : tensor<2xi1> to tensor<2xf32>
  %want_signed = arith.constant dense<[-1, 0]> : tensor<2xi32>
  %want_unsigned = arith.constant dense<[1, 0]> : tensor<2xi32>
  %want_float = arith.constant dense<[1.0, 0.0]> : tensor<2xf32>
  check.expect_eq %signed, %want_signed : tensor<2xi32>, tensor<2xi32>
  check.expect_eq %unsigned, %want_unsigned : tensor<2xi32>, tensor<2xi32>
  check.expect_eq %float, %want_float : tensor<2xf32>, tensor<2xf32>
  return
}

// truncf rounds to nearest even and overflows to infinity; extf is exact; trunci drops bits; indices are 64 bits wide.
func.func @test_widths() {
  %a = arith.constant dense<[2049.0, 70000.0]> : tensor<2xf32>
  %h = arith.truncf %a : tensor<2xf32> to tensor<2xf16>
  %back = arith.extf %h : tensor<2xf16> to tensor<2xf32>
  %want = arith.constant dense<[2048.0, 0x7F800000]> : tensor<2xf32>
  %i = arith.constant dense<[257, -1]> : tensor<2xi32>
  %t = arith.trunci %i : tensor<2xi32> to tensor<2xi8>
  %x = arith.index_cast %i : tensor<2xi32> to tensor<2xindex>
  %u = arith.index_castui %i : tensor<2xi32> to tensor<2xindex>
  %want_t = arith.constant dense<[1, -1]> : tensor<2xi8>
  %want_x = arith.constant dense<[257, -1]> : tensor<2xindex>
  %want_u = arith.constant dense<[257, 4294967295]> : tensor<2xindex>
  check.expect_eq %back, %want : tensor<2xf32>, tensor<2xf32>
  check.expect_eq %t, %want_t : tensor<2xi8>, tensor<2xi8>
  check.expect_eq %x, %want_x : tensor<2xindex>, tensor<2xindex>
  check.expect_eq %u, %want_u : tensor<2xindex>, tensor<2xindex>
  return
}

func.func @test_bitcast() {
  %a = arith.constant dense<[1.0, -2.0]> : tensor<2xf32>
  %bits = arith.bitcast %a : tensor<2xf32> to tensor<2xi32>
  %want = arith.constant dense<[0x3F800000, 0xC0000000]> : tensor<2xi32>
  check.expect_eq %bits, %want : tensor<2xi32>, tensor<2xi32>
  return
}
