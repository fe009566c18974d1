// RUN: moe-opt %s --moe-interpret -o /dev/null

func.func @test_elements_and_splat() {
  %a = arith.constant 1 : i32
  %b = arith.constant 2 : i32
  %n = arith.constant 2 : index
  %e = tensor.from_elements %a, %b, %b, %a : tensor<2x2xi32>
  %s = tensor.splat %b[%n] : tensor<?x1xi32>
  %want_e = arith.constant dense<[[1, 2], [2, 1]]> : tensor<2x2xi32>
  %want_s = arith.constant dense<2> : tensor<2x1xi32>
  check.expect_eq %e, %want_e : tensor<2x2xi32>, tensor<2x2xi32>
  check.expect_eq %s, %want_s : tensor<?x1xi32>, tensor<2x1xi32>
  return
}
