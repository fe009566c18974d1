// RUN: moe-opt %s --moe-interpret -o /dev/null

// All predicates on: equal, greater, less, unordered.
func.func @test_cmpf() {
  %a = arith.constant dense<[1.0, 2.0, 1.0, 0x7FC00000]> : tensor<4xf32>
  %b = arith.constant dense<[1.0, 1.0, 2.0, 1.0]> : tensor<4xf32>
  %false = arith.cmpf false, %a, %b : tensor<4xf32>
  %want_false = arith.constant dense<[false, false, false, false]> : tensor<4xi1>
  check.expect_eq %false, %want_false : tensor<4xi1>, tensor<4xi1>
  %oeq = arith.cmpf oeq, %a, %b : tensor<4xf32>
  %want_oeq = arith.constant dense<[true, false, false, false]> : tensor<4xi1>
  check.expect_eq %oeq, %want_oeq : tensor<4xi1>, tensor<4xi1>
  %ogt = arith.cmpf ogt, %a, %b : tensor<4xf32>
  %want_ogt = arith.constant dense<[false, true, false, false]> : tensor<4xi1>
  check.expect_eq %ogt, %want_ogt : tensor<4xi1>, tensor<4xi1>
  %oge = arith.cmpf oge, %a, %b : tensor<4xf32>
  %want_oge = arith.constant dense<[true, true, false, false]> : tensor<4xi1>
  check.expect_eq %oge, %want_oge : tensor<4xi1>, tensor<4xi1>
  %olt = arith.cmpf olt, %a, %b : tensor<4xf32>
  %want_olt = arith.constant dense<[false, false, true, false]> : tensor<4xi1>
  check.expect_eq %olt, %want_olt : tensor<4xi1>, tensor<4xi1>
  %ole = arith.cmpf ole, %a, %b : tensor<4xf32>
  %want_ole = arith.constant dense<[true, false, true, false]> : tensor<4xi1>
  check.expect_eq %ole, %want_ole : tensor<4xi1>, tensor<4xi1>
  %one = arith.cmpf one, %a, %b : tensor<4xf32>
  %want_one = arith.constant dense<[false, true, true, false]> : tensor<4xi1>
  check.expect_eq %one, %want_one : tensor<4xi1>, tensor<4xi1>
  %ord = arith.cmpf ord, %a, %b : tensor<4xf32>
  %want_ord = arith.constant dense<[true, true, true, false]> : tensor<4xi1>
  check.expect_eq %ord, %want_ord : tensor<4xi1>, tensor<4xi1>
  %ueq = arith.cmpf ueq, %a, %b : tensor<4xf32>
  %want_ueq = arith.constant dense<[true, false, false, true]> : tensor<4xi1>
  check.expect_eq %ueq, %want_ueq : tensor<4xi1>, tensor<4xi1>
  %ugt = arith.cmpf ugt, %a, %b : tensor<4xf32>
  %want_ugt = arith.constant dense<[false, true, false, true]> : tensor<4xi1>
  check.expect_eq %ugt, %want_ugt : tensor<4xi1>, tensor<4xi1>
  %uge = arith.cmpf uge, %a, %b : tensor<4xf32>
  %want_uge = arith.constant dense<[true, true, false, true]> : tensor<4xi1>
  check.expect_eq %uge, %want_uge : tensor<4xi1>, tensor<4xi1>
  %ult = arith.cmpf ult, %a, %b : tensor<4xf32>
  %want_ult = arith.constant dense<[false, false, true, true]> : tensor<4xi1>
  check.expect_eq %ult, %want_ult : tensor<4xi1>, tensor<4xi1>
  %ule = arith.cmpf ule, %a, %b : tensor<4xf32>
  %want_ule = arith.constant dense<[true, false, true, true]> : tensor<4xi1>
  check.expect_eq %ule, %want_ule : tensor<4xi1>, tensor<4xi1>
  %une = arith.cmpf une, %a, %b : tensor<4xf32>
  %want_une = arith.constant dense<[false, true, true, true]> : tensor<4xi1>
  check.expect_eq %une, %want_une : tensor<4xi1>, tensor<4xi1>
  %uno = arith.cmpf uno, %a, %b : tensor<4xf32>
  %want_uno = arith.constant dense<[false, false, false, true]> : tensor<4xi1>
  check.expect_eq %uno, %want_uno : tensor<4xi1>, tensor<4xi1>
  %true = arith.cmpf true, %a, %b : tensor<4xf32>
  %want_true = arith.constant dense<[true, true, true, true]> : tensor<4xi1>
  check.expect_eq %true, %want_true : tensor<4xi1>, tensor<4xi1>
  return
}

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
