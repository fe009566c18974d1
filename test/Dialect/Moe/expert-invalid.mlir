// RUN: moe-opt %s -split-input-file -verify-diagnostics -o /dev/null

func.func @linear_c1(%x: tensor<2x3xf32>, %w: tensor<4x5xf32>) {
  // expected-error @below {{needs weight [N, K] for an input whose last axis is K}}
  %0 = moe.linear %x, %w : (tensor<2x3xf32>, tensor<4x5xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @linear_c2(%x: tensor<2x3xf32>, %w: tensor<4x3xf32>, %b: tensor<3xf32>) {
  // expected-error @below {{needs bias [N]}}
  %0 = moe.linear %x, %w bias %b : (tensor<2x3xf32>, tensor<4x3xf32>, tensor<3xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @linear_c3(%x: tensor<2x3xf32>, %w: tensor<4x3xf32>) {
  // expected-error @below {{needs a result with the outer shape of the input and N as last axis}}
  %0 = moe.linear %x, %w : (tensor<2x3xf32>, tensor<4x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @experts_c1_rank(%x: tensor<3xf32>, %ids: tensor<2x1xi32>, %w: tensor<2x1xf32>, %up: tensor<4x5x3xf32>, %down: tensor<4x6x5xf32>) {
  // expected-error @below {{needs x [T, H], ids [T, K], up [E, I, H] and down [E, H', I]}}
  %0 = moe.experts %x, %ids, %w up %up down %down : (tensor<3xf32>, tensor<2x1xi32>, tensor<2x1xf32>, tensor<4x5x3xf32>, tensor<4x6x5xf32>) -> tensor<6xf32>
  return
}

// -----

func.func @experts_c1_slots(%x: tensor<2x3xf32>, %ids: tensor<2x1xi32>, %w: tensor<2x2xf32>, %up: tensor<4x5x3xf32>, %down: tensor<4x6x5xf32>) {
  // expected-error @below {{needs ids and weights [T, K]}}
  %0 = moe.experts %x, %ids, %w up %up down %down : (tensor<2x3xf32>, tensor<2x1xi32>, tensor<2x2xf32>, tensor<4x5x3xf32>, tensor<4x6x5xf32>) -> tensor<2x6xf32>
  return
}

// -----

func.func @experts_c2_down(%x: tensor<2x3xf32>, %ids: tensor<2x1xi32>, %w: tensor<2x1xf32>, %up: tensor<4x5x3xf32>, %down: tensor<4x6x4xf32>) {
  // expected-error @below {{needs gate and up [E, I, H], down [E, H', I] and a result [T, H']}}
  %0 = moe.experts %x, %ids, %w up %up down %down : (tensor<2x3xf32>, tensor<2x1xi32>, tensor<2x1xf32>, tensor<4x5x3xf32>, tensor<4x6x4xf32>) -> tensor<2x6xf32>
  return
}

// -----

func.func @experts_c2_gate(%x: tensor<2x3xf32>, %ids: tensor<2x1xi32>, %w: tensor<2x1xf32>, %gate: tensor<4x4x3xf32>, %up: tensor<4x5x3xf32>, %down: tensor<4x6x5xf32>) {
  // expected-error @below {{needs gate and up [E, I, H], down [E, H', I] and a result [T, H']}}
  %0 = moe.experts %x, %ids, %w gate %gate up %up down %down : (tensor<2x3xf32>, tensor<2x1xi32>, tensor<2x1xf32>, tensor<4x4x3xf32>, tensor<4x5x3xf32>, tensor<4x6x5xf32>) -> tensor<2x6xf32>
  return
}

// -----

func.func @experts_c3(%x: tensor<2x3xf32>, %ids: tensor<2x1xi32>, %w: tensor<2x1xf32>, %up: tensor<4x5x3xf32>, %down: tensor<4x6x5xf32>, %up_bias: tensor<4x3xf32>) {
  // expected-error @below {{needs gate_bias and up_bias [E, I] and down_bias [E, H']}}
  %0 = moe.experts %x, %ids, %w up %up down %down up_bias %up_bias : (tensor<2x3xf32>, tensor<2x1xi32>, tensor<2x1xf32>, tensor<4x5x3xf32>, tensor<4x6x5xf32>, tensor<4x3xf32>) -> tensor<2x6xf32>
  return
}

// -----

func.func @experts_c4(%x: tensor<2x3xf32>, %ids: tensor<2x1xi32>, %w: tensor<2x1xf32>, %up: tensor<4x5x3xf32>, %down: tensor<4x6x5xf32>, %gate_bias: tensor<4x5xf32>) {
  // expected-error @below {{has gate_bias without gate}}
  %0 = moe.experts %x, %ids, %w up %up down %down gate_bias %gate_bias : (tensor<2x3xf32>, tensor<2x1xi32>, tensor<2x1xf32>, tensor<4x5x3xf32>, tensor<4x6x5xf32>, tensor<4x5xf32>) -> tensor<2x6xf32>
  return
}

// -----

func.func @experts_c5_dynamic(%x: tensor<2x3xf32>, %ids: tensor<2x1xi32>, %w: tensor<2x1xf32>, %up: tensor<?x5x3xf32>, %down: tensor<?x6x5xf32>) {
  // expected-error @below {{needs at least one expert}}
  %0 = moe.experts %x, %ids, %w up %up down %down : (tensor<2x3xf32>, tensor<2x1xi32>, tensor<2x1xf32>, tensor<?x5x3xf32>, tensor<?x6x5xf32>) -> tensor<2x6xf32>
  return
}

// -----

func.func @experts_c5_none(%x: tensor<2x3xf32>, %ids: tensor<2x1xi32>, %w: tensor<2x1xf32>, %up: tensor<0x5x3xf32>, %down: tensor<0x6x5xf32>) {
  // expected-error @below {{needs at least one expert}}
  %0 = moe.experts %x, %ids, %w up %up down %down : (tensor<2x3xf32>, tensor<2x1xi32>, tensor<2x1xf32>, tensor<0x5x3xf32>, tensor<0x6x5xf32>) -> tensor<2x6xf32>
  return
}
