// RUN: moe-opt %s -split-input-file -verify-diagnostics -o /dev/null

func.func @route_c1_rank(%l: tensor<4xf32>) {
  // expected-error @below {{needs logits [T, E]}}
  %ids, %w = moe.route %l {k = 2 : i64} : (tensor<4xf32>) -> (tensor<3x2xi32>, tensor<3x2xf32>)
  return
}

// -----

func.func @route_c1_bias(%l: tensor<3x4xf32>, %b: tensor<3xf32>) {
  // expected-error @below {{needs bias [E], token_ids [T] and table [V, K]}}
  %ids, %w = moe.route %l bias %b {k = 2 : i64} : (tensor<3x4xf32>, tensor<3xf32>) -> (tensor<3x2xi32>, tensor<3x2xf32>)
  return
}

// -----

func.func @route_c1_table(%l: tensor<3x4xf32>, %t: tensor<3xi64>, %b: tensor<9x1xi32>) {
  // expected-error @below {{needs bias [E], token_ids [T] and table [V, K]}}
  %ids, %w = moe.route %l tokens %t table %b {k = 2 : i64, select = #moe.select<hash>} : (tensor<3x4xf32>, tensor<3xi64>, tensor<9x1xi32>) -> (tensor<3x2xi32>, tensor<3x2xf32>)
  return
}

// -----

func.func @route_c2(%l: tensor<3x4xf32>) {
  // expected-error @below {{needs results [T, 2]}}
  %ids, %w = moe.route %l {k = 2 : i64} : (tensor<3x4xf32>) -> (tensor<3x2xi32>, tensor<3x1xf32>)
  return
}

// -----

func.func @route_c2_expert_choice(%l: tensor<3x4xf32>) {
  // expected-error @below {{needs results [T, 4]}}
  %ids, %w = moe.route %l {k = 4 : i64, select = #moe.select<expert_choice>, capacity = 1 : i64} : (tensor<3x4xf32>) -> (tensor<3x2xi32>, tensor<3x2xf32>)
  return
}

// -----

func.func @route_c3_large(%l: tensor<3x4xf32>) {
  // expected-error @below {{needs 1 <= k <= E, but k is 5 and E is 4}}
  %ids, %w = moe.route %l {k = 5 : i64} : (tensor<3x4xf32>) -> (tensor<3x2xi32>, tensor<3x2xf32>)
  return
}

// -----

func.func @route_c3_zero(%l: tensor<3x4xf32>) {
  // expected-error @below {{needs 1 <= k <= E, but k is 0 and E is 4}}
  %ids, %w = moe.route %l {k = 0 : i64} : (tensor<3x4xf32>) -> (tensor<3x2xi32>, tensor<3x2xf32>)
  return
}

// -----

func.func @route_c3_expert_choice(%l: tensor<3x4xf32>) {
  // expected-error @below {{needs k = E for expert_choice, but k is 2 and E is 4}}
  %ids, %w = moe.route %l {k = 2 : i64, select = #moe.select<expert_choice>, capacity = 1 : i64} : (tensor<3x4xf32>) -> (tensor<3x2xi32>, tensor<3x2xf32>)
  return
}

// -----

func.func @route_c4_divide(%l: tensor<3x4xf32>) {
  // expected-error @below {{needs groups that divide E and 1 <= groups_kept <= groups}}
  %ids, %w = moe.route %l {k = 2 : i64, groups = 3 : i64} : (tensor<3x4xf32>) -> (tensor<3x2xi32>, tensor<3x2xf32>)
  return
}

// -----

func.func @route_c4_kept(%l: tensor<3x4xf32>) {
  // expected-error @below {{needs groups that divide E and 1 <= groups_kept <= groups}}
  %ids, %w = moe.route %l {k = 2 : i64, groups = 2 : i64, groups_kept = 3 : i64} : (tensor<3x4xf32>) -> (tensor<3x2xi32>, tensor<3x2xf32>)
  return
}

// -----

func.func @route_c5_missing(%l: tensor<3x4xf32>) {
  // expected-error @below {{takes token_ids and table for hash, and only then}}
  %ids, %w = moe.route %l {k = 2 : i64, select = #moe.select<hash>} : (tensor<3x4xf32>) -> (tensor<3x2xi32>, tensor<3x2xf32>)
  return
}

// -----

func.func @route_c5_extra(%l: tensor<3x4xf32>, %t: tensor<3xi64>) {
  // expected-error @below {{takes token_ids and table for hash, and only then}}
  %ids, %w = moe.route %l tokens %t {k = 2 : i64} : (tensor<3x4xf32>, tensor<3xi64>) -> (tensor<3x2xi32>, tensor<3x2xf32>)
  return
}

// -----

func.func @route_c6(%l: tensor<3x4xf32>) {
  // expected-error @below {{needs a capacity of at least 1}}
  %ids, %w = moe.route %l {k = 2 : i64, select = #moe.select<capacity>} : (tensor<3x4xf32>) -> (tensor<3x2xi32>, tensor<3x2xf32>)
  return
}

// -----

func.func @route_c7_select(%l: tensor<3x4xf32>, %n: tensor<i64>) {
  // expected-error @below {{takes a sequence of rank 0, for capacity alone}}
  %ids, %w = moe.route %l sequence %n {k = 2 : i64} : (tensor<3x4xf32>, tensor<i64>) -> (tensor<3x2xi32>, tensor<3x2xf32>)
  return
}

// -----

func.func @route_c7_rank(%l: tensor<3x4xf32>, %n: tensor<1xi64>) {
  // expected-error @below {{takes a sequence of rank 0, for capacity alone}}
  %ids, %w = moe.route %l sequence %n {k = 2 : i64, select = #moe.select<capacity>, capacity = 1 : i64}
           : (tensor<3x4xf32>, tensor<1xi64>) -> (tensor<3x2xi32>, tensor<3x2xf32>)
  return
}

// -----

func.func @top_k_c1_shape(%x: tensor<2x8xf32>, %k: index) {
  // expected-error @below {{needs results with the outer shape of the input, and values of its element type}}
  %v, %i = moe.top_k %x, %k {largest = true} : tensor<2x8xf32> -> tensor<3x?xf32>, tensor<2x?xi64>
  return
}

// -----

func.func @top_k_c1_element(%x: tensor<2x8xf32>, %k: index) {
  // expected-error @below {{needs results with the outer shape of the input, and values of its element type}}
  %v, %i = moe.top_k %x, %k {largest = true} : tensor<2x8xf32> -> tensor<2x?xf16>, tensor<2x?xi64>
  return
}

// -----

func.func @top_k_c2(%x: tensor<f32>, %k: index) {
  // expected-error @below {{needs a rank of at least 1}}
  %v, %i = moe.top_k %x, %k {largest = true} : tensor<f32> -> tensor<?xf32>, tensor<?xi64>
  return
}
