// RUN: moe-opt %s --moe-interpret -o /dev/null

#all = affine_map<(i, j) -> (i, j)>
#first = affine_map<(i, j) -> (i)>

// In order and rounded at each step: in f16, 2048 + 1 + 1 stays 2048, and 1 + 1 + 2048 is 2050. Not so with the product form below.
func.func @test_in_order() {
  %x = arith.constant dense<[[2048.0, 1.0, 1.0], [1.0, 1.0, 2048.0]]> : tensor<2x3xf16>
  %zero = arith.constant dense<0.0> : tensor<2xf16>
  %y = linalg.generic {indexing_maps = [#all, #first], iterator_types = ["parallel", "reduction"]} ins(%x : tensor<2x3xf16>) outs(%zero : tensor<2xf16>) {
  ^bb0(%a: f16, %s: f16):
    %t = arith.addf %s, %a : f16
    linalg.yield %t : f16
  } -> tensor<2xf16>
  %want = arith.constant dense<[2048.0, 2050.0]> : tensor<2xf16>
  check.expect_eq %y, %want : tensor<2xf16>, tensor<2xf16>
  return
}

// Largest element and where it is, the first of equals.
func.func @test_two_results() {
  %x = arith.constant dense<[[3, 9, 9], [5, 4, 1]]> : tensor<2x3xi32>
  %low = arith.constant dense<-100> : tensor<2xi32>
  %none = arith.constant dense<-1> : tensor<2xindex>
  %v, %at = linalg.generic {indexing_maps = [#all, #first, #first], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<2x3xi32>) outs(%low, %none : tensor<2xi32>, tensor<2xindex>) {
  ^bb0(%a: i32, %best: i32, %place: index):
    %j = linalg.index 1 : index
    %more = arith.cmpi sgt, %a, %best : i32
    %b = arith.select %more, %a, %best : i32
    %p = arith.select %more, %j, %place : index
    linalg.yield %b, %p : i32, index
  } -> (tensor<2xi32>, tensor<2xindex>)
  %want_v = arith.constant dense<[9, 5]> : tensor<2xi32>
  %want_at = arith.constant dense<[1, 0]> : tensor<2xindex>
  check.expect_eq %v, %want_v : tensor<2xi32>, tensor<2xi32>
  check.expect_eq %at, %want_at : tensor<2xindex>, tensor<2xindex>
  return
}

// An axis without elements leaves what was there.
func.func @test_empty_axis() {
  %x = arith.constant dense<> : tensor<2x0xi32>
  %seven = arith.constant dense<7> : tensor<2xi32>
  %y = linalg.reduce { arith.addi } ins(%x : tensor<2x0xi32>) outs(%seven : tensor<2xi32>) dimensions = [1]
  check.expect_eq %y, %seven : tensor<2xi32>, tensor<2xi32>
  return
}

// A result that all points of a parallel loop write: the last one stays.
func.func @test_not_one_to_one() {
  %x = arith.constant dense<[4, 5, 6]> : tensor<3xi32>
  %old = arith.constant dense<0> : tensor<1xi32>
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (0)>], iterator_types = ["parallel"]}
      ins(%x : tensor<3xi32>) outs(%old : tensor<1xi32>) {
  ^bb0(%a: i32, %s: i32):
    linalg.yield %a : i32
  } -> tensor<1xi32>
  %want = arith.constant dense<[6]> : tensor<1xi32>
  check.expect_eq %y, %want : tensor<1xi32>, tensor<1xi32>
  return
}
