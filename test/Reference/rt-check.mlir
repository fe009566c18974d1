// RUN: moe-opt %s --moe-interpret -split-input-file -verify-diagnostics -o /dev/null

func.func @test_check() {
  %yes = arith.constant true
  rt.check %yes, "never"
  %no = arith.constant false
  // expected-error @below {{rt.check: Gather 'tokens': index out of range}}
  rt.check %no, "Gather 'tokens': index out of range"
  return
}

// -----

// In a body one of the elements fails.
func.func @test_check_in_body() {
  %x = arith.constant dense<[1, 0, 2]> : tensor<3xi32>
  %zero = arith.constant 0 : i32
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>], iterator_types = ["parallel"]} outs(%x : tensor<3xi32>) {
  ^bb0(%a: i32):
    %ok = arith.cmpi ne, %a, %zero : i32
    // expected-error @below {{rt.check: zero}}
    rt.check %ok, "zero"
    linalg.yield %a : i32
  } -> tensor<3xi32>
  return
}
