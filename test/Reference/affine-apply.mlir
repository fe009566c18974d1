// RUN: moe-opt %s --moe-interpret -o /dev/null

// Quotients round down, or up; mod is never negative.
func.func @test_apply() {
  %x = arith.constant -7 : index
  %n = arith.constant 2 : index
  %sum = affine.apply affine_map<(d)[s] -> (d * 3 + s)>(%x)[%n]
  %down = affine.apply affine_map<(d)[s] -> (d floordiv s)>(%x)[%n]
  %up = affine.apply affine_map<(d)[s] -> (d ceildiv s)>(%x)[%n]
  %mod = affine.apply affine_map<(d)[s] -> (d mod s)>(%x)[%n]
  %got = tensor.from_elements %sum, %down, %up, %mod : tensor<4xindex>
  %want = arith.constant dense<[-19, -4, -3, 1]> : tensor<4xindex>
  check.expect_eq %got, %want : tensor<4xindex>, tensor<4xindex>
  return
}
