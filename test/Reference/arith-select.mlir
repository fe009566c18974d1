// RUN: moe-opt %s --moe-interpret -o /dev/null

// A tensor of conditions chooses element by element, a scalar the whole.
func.func @test_select() {
  %a = arith.constant dense<[1, 2]> : tensor<2xi32>
  %b = arith.constant dense<[10, 20]> : tensor<2xi32>
  %each = arith.constant dense<[true, false]> : tensor<2xi1>
  %no = arith.constant false
  %mixed = arith.select %each, %a, %b : tensor<2xi1>, tensor<2xi32>
  %whole = arith.select %no, %a, %b : tensor<2xi32>
  %want = arith.constant dense<[1, 20]> : tensor<2xi32>
  check.expect_eq %mixed, %want : tensor<2xi32>, tensor<2xi32>
  check.expect_eq %whole, %b : tensor<2xi32>, tensor<2xi32>
  return
}
