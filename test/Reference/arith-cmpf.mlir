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
