// RUN: moe-opt %s --moe-interpret -o /dev/null

// 17 outputs of 2 inputs each: output 16 opens the second panel; what lies past it is zero. Unpacking gives the matrix back.
func.func @test_pack() {
  %e = tensor.empty() : tensor<17x2xi32>
  %w = linalg.generic {indexing_maps = [affine_map<(n, k) -> (n, k)>], iterator_types = ["parallel", "parallel"]} outs(%e : tensor<17x2xi32>) {
  ^bb0(%old: i32):
    %n = linalg.index 0 : index
    %k = linalg.index 1 : index
    %ten = arith.constant 10 : index
    %t = arith.muli %n, %ten : index
    %s = arith.addi %t, %k : index
    %i = arith.index_cast %s : index to i32
    linalg.yield %i : i32
  } -> tensor<17x2xi32>
  %p = moe.pack %w : tensor<17x2xi32> -> tensor<4x2x16xi32>
  %back = moe.unpack %p : tensor<4x2x16xi32> -> tensor<17x2xi32>
  check.expect_eq %back, %w : tensor<17x2xi32>, tensor<17x2xi32>
  %first = tensor.extract_slice %p[0, 1, 0] [1, 1, 3] [1, 1, 1] : tensor<4x2x16xi32> to tensor<3xi32>
  %second = tensor.extract_slice %p[1, 0, 0] [1, 2, 2] [1, 1, 1] : tensor<4x2x16xi32> to tensor<2x2xi32>
  %want_first = arith.constant dense<[1, 11, 21]> : tensor<3xi32>
  %want_second = arith.constant dense<[[160, 0], [161, 0]]> : tensor<2x2xi32>
  check.expect_eq %first, %want_first : tensor<3xi32>, tensor<3xi32>
  check.expect_eq %second, %want_second : tensor<2x2xi32>, tensor<2x2xi32>
  return
}

// Four bytes along K share a word; the second word of an output is filled up with zeros.
func.func @test_pack_bytes() {
  %w = arith.constant dense<[[1, 2, 3, 4, 5], [6, 7, 8, 9, 10]]> : tensor<2x5xi8>
  %p = moe.pack %w : tensor<2x5xi8> -> tensor<4x2x64xi8>
  %back = moe.unpack %p : tensor<4x2x64xi8> -> tensor<2x5xi8>
  check.expect_eq %back, %w : tensor<2x5xi8>, tensor<2x5xi8>
  %words = tensor.extract_slice %p[0, 0, 0] [1, 2, 9] [1, 1, 1] : tensor<4x2x64xi8> to tensor<2x9xi8>
  %want = arith.constant dense<[[1, 2, 3, 4, 6, 7, 8, 9, 0], [5, 0, 0, 0, 10, 0, 0, 0, 0]]> : tensor<2x9xi8>
  check.expect_eq %words, %want : tensor<2x9xi8>, tensor<2x9xi8>
  return
}
