// RUN: moe-opt %s --moe-interpret -o /dev/null

func.func @test_dim_and_rank() {
  %x = arith.constant dense<0> : tensor<2x3xi8>
  %open = tensor.cast %x : tensor<2x3xi8> to tensor<?x?xi8>
  %one = arith.constant 1 : index
  %three = tensor.dim %open, %one : tensor<?x?xi8>
  %two = tensor.rank %open : tensor<?x?xi8>
  %got = tensor.from_elements %three, %two : tensor<2xindex>
  %want = arith.constant dense<[3, 2]> : tensor<2xindex>
  check.expect_eq %got, %want : tensor<2xindex>, tensor<2xindex>
  return
}
