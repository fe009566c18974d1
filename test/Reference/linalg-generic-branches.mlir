// RUN: moe-opt %s --moe-interpret -split-input-file -verify-diagnostics -o /dev/null

// Two results that exchange their operands; a branch in the body works on one element at a time.
func.func @test_two_results() {
  %a = arith.constant dense<[1, 2]> : tensor<2xi32>
  %b = arith.constant dense<[9, 1]> : tensor<2xi32>
  %small, %large = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      outs(%a, %b : tensor<2xi32>, tensor<2xi32>) {
  ^bb0(%x: i32, %y: i32):
    %less = arith.cmpi slt, %y, %x : i32
    %p:2 = scf.if %less -> (i32, i32) {
      scf.yield %y, %x : i32, i32
    } else {
      scf.yield %x, %y : i32, i32
    }
    linalg.yield %p#0, %p#1 : i32, i32
  } -> (tensor<2xi32>, tensor<2xi32>)
  %want_small = arith.constant dense<[1, 1]> : tensor<2xi32>
  %want_large = arith.constant dense<[9, 2]> : tensor<2xi32>
  check.expect_eq %small, %want_small : tensor<2xi32>, tensor<2xi32>
  check.expect_eq %large, %want_large : tensor<2xi32>, tensor<2xi32>
  return
}

// -----

func.func @test_lengths_disagree() {
  %a = arith.constant dense<0> : tensor<2xi32>
  %b = arith.constant dense<0> : tensor<3xi32>
  %open = tensor.cast %b : tensor<3xi32> to tensor<?xi32>
  // expected-error @below {{linalg.generic: loop 0 has the lengths 2 and 3}}
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%a : tensor<2xi32>) outs(%open : tensor<?xi32>) {
  ^bb0(%x: i32, %old: i32):
    linalg.yield %x : i32
  } -> tensor<?xi32>
  return
}
