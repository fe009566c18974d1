// RUN: moe-opt %s --moe-interpret -o /dev/null

// -1 is below 1 as a signed number, and the largest unsigned one.
func.func @test_cmpi() {
  %a = arith.constant dense<[-1, 1, 1]> : tensor<3xi8>
  %b = arith.constant dense<[1, 1, -1]> : tensor<3xi8>
  %eq = arith.cmpi eq, %a, %b : tensor<3xi8>
  %want_eq = arith.constant dense<[false, true, false]> : tensor<3xi1>
  check.expect_eq %eq, %want_eq : tensor<3xi1>, tensor<3xi1>
  %ne = arith.cmpi ne, %a, %b : tensor<3xi8>
  %want_ne = arith.constant dense<[true, false, true]> : tensor<3xi1>
  check.expect_eq %ne, %want_ne : tensor<3xi1>, tensor<3xi1>
  %slt = arith.cmpi slt, %a, %b : tensor<3xi8>
  %want_slt = arith.constant dense<[true, false, false]> : tensor<3xi1>
  check.expect_eq %slt, %want_slt : tensor<3xi1>, tensor<3xi1>
  %sle = arith.cmpi sle, %a, %b : tensor<3xi8>
  %want_sle = arith.constant dense<[true, true, false]> : tensor<3xi1>
  check.expect_eq %sle, %want_sle : tensor<3xi1>, tensor<3xi1>
  %sgt = arith.cmpi sgt, %a, %b : tensor<3xi8>
  %want_sgt = arith.constant dense<[false, false, true]> : tensor<3xi1>
  check.expect_eq %sgt, %want_sgt : tensor<3xi1>, tensor<3xi1>
  %sge = arith.cmpi sge, %a, %b : tensor<3xi8>
  %want_sge = arith.constant dense<[false, true, true]> : tensor<3xi1>
  check.expect_eq %sge, %want_sge : tensor<3xi1>, tensor<3xi1>
  %ult = arith.cmpi ult, %a, %b : tensor<3xi8>
  %want_ult = arith.constant dense<[false, false, true]> : tensor<3xi1>
  check.expect_eq %ult, %want_ult : tensor<3xi1>, tensor<3xi1>
  %ule = arith.cmpi ule, %a, %b : tensor<3xi8>
  %want_ule = arith.constant dense<[false, true, true]> : tensor<3xi1>
  check.expect_eq %ule, %want_ule : tensor<3xi1>, tensor<3xi1>
  %ugt = arith.cmpi ugt, %a, %b : tensor<3xi8>
  %want_ugt = arith.constant dense<[true, false, false]> : tensor<3xi1>
  check.expect_eq %ugt, %want_ugt : tensor<3xi1>, tensor<3xi1>
  %uge = arith.cmpi uge, %a, %b : tensor<3xi8>
  %want_uge = arith.constant dense<[true, true, false]> : tensor<3xi1>
  check.expect_eq %uge, %want_uge : tensor<3xi1>, tensor<3xi1>
  return
}
