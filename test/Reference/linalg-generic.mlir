// RUN: moe-opt %s --moe-interpret -o /dev/null

// A broadcast operand, a counter, a scalar from outside, and an element of another tensor: x[i, j] + b[j] + 10 * i + 100 * t[1].
#all = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (j)>
func.func @test_body() {
  %x = arith.constant dense<[[1, 2], [3, 4]]> : tensor<2x2xi32>
  %b = arith.constant dense<[5, 6]> : tensor<2xi32>
  %t = arith.constant dense<[7, 8]> : tensor<2xi32>
  %ten = arith.constant 10 : i32
  %hundred = arith.constant 100 : i32
  %one = arith.constant 1 : index
  %e = tensor.empty() : tensor<2x2xi32>
  %y = linalg.generic {indexing_maps = [#all, #row, #all], iterator_types = ["parallel", "parallel"]}
      ins(%x, %b : tensor<2x2xi32>, tensor<2xi32>) outs(%e : tensor<2x2xi32>) {
  ^bb0(%u: i32, %v: i32, %old: i32):
    %i = linalg.index 0 : index
    %row = arith.index_cast %i : index to i32
    %rows = arith.muli %row, %ten : i32
    %other = tensor.extract %t[%one] : tensor<2xi32>
    %others = arith.muli %other, %hundred : i32
    %s0 = arith.addi %u, %v : i32
    %s1 = arith.addi %s0, %rows : i32
    %s2 = arith.addi %s1, %others : i32
    linalg.yield %s2 : i32
  } -> tensor<2x2xi32>
  %want = arith.constant dense<[[806, 808], [818, 820]]> : tensor<2x2xi32>
  check.expect_eq %y, %want : tensor<2x2xi32>, tensor<2x2xi32>
  return
}

// More elements than go through a body at once, in rows that do not fit: the sum of i + j over 3 x 100 is 100 * 3 + 3 * 4950.
func.func @test_many_elements() {
  %zero = arith.constant dense<0> : tensor<i64>
  %e = tensor.empty() : tensor<3x100xi64>
  %y = linalg.generic {indexing_maps = [#all], iterator_types = ["parallel", "parallel"]} outs(%e : tensor<3x100xi64>) {
  ^bb0(%old: i64):
    %i = linalg.index 0 : index
    %j = linalg.index 1 : index
    %s = arith.addi %i, %j : index
    %c = arith.index_cast %s : index to i64
    linalg.yield %c : i64
  } -> tensor<3x100xi64>
  %sum = linalg.reduce { arith.addi } ins(%y : tensor<3x100xi64>) outs(%zero : tensor<i64>) dimensions = [0, 1]
  %want = arith.constant dense<15150> : tensor<i64>
  check.expect_eq %sum, %want : tensor<i64>, tensor<i64>
  return
}
