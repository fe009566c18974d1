// RUN: moe-opt %s -split-input-file -verify-diagnostics -o /dev/null

func.func @attention_c1_rank(%q: tensor<4x1x8xf32>, %k: tensor<2x2x3x8xf32>, %v: tensor<2x2x3x8xf32>) {
  // expected-error @below {{needs q [B, Hq, S, D], k [B, Hk, L, D] and v [B, Hk, L, Dv]}}
  %0 = moe.attention %q, %k, %v {scale = 1.0 : f64} : (tensor<4x1x8xf32>, tensor<2x2x3x8xf32>, tensor<2x2x3x8xf32>) -> tensor<4x1x8xf32>
  return
}

// -----

func.func @attention_c1_width(%q: tensor<2x4x1x8xf32>, %k: tensor<2x2x3x7xf32>, %v: tensor<2x2x3x8xf32>) {
  // expected-error @below {{needs q [B, Hq, S, D], k [B, Hk, L, D], v [B, Hk, L, Dv] and a result [B, Hq, S, Dv]}}
  %0 = moe.attention %q, %k, %v {scale = 1.0 : f64} : (tensor<2x4x1x8xf32>, tensor<2x2x3x7xf32>, tensor<2x2x3x8xf32>) -> tensor<2x4x1x8xf32>
  return
}

// -----

func.func @attention_c1_result(%q: tensor<2x4x1x8xf32>, %k: tensor<2x2x3x8xf32>, %v: tensor<2x2x3x5xf32>) {
  // expected-error @below {{needs q [B, Hq, S, D], k [B, Hk, L, D], v [B, Hk, L, Dv] and a result [B, Hq, S, Dv]}}
  %0 = moe.attention %q, %k, %v {scale = 1.0 : f64} : (tensor<2x4x1x8xf32>, tensor<2x2x3x8xf32>, tensor<2x2x3x5xf32>) -> tensor<2x4x1x8xf32>
  return
}

// -----

func.func @attention_c2(%q: tensor<2x4x1x8xf32>, %k: tensor<2x3x3x8xf32>, %v: tensor<2x3x3x8xf32>) {
  // expected-error @below {{needs a number of key heads that divides that of query heads}}
  %0 = moe.attention %q, %k, %v {scale = 1.0 : f64} : (tensor<2x4x1x8xf32>, tensor<2x3x3x8xf32>, tensor<2x3x3x8xf32>) -> tensor<2x4x1x8xf32>
  return
}

// -----

func.func @attention_c3(%q: tensor<2x4x1x8xf32>, %k: tensor<2x2x3x8xf32>, %v: tensor<2x2x3x8xf32>, %m: tensor<1x1x1x4xf32>) {
  // expected-error @below {{needs a mask that broadcasts to [B, Hq, S, L]}}
  %0 = moe.attention %q, %k, %v mask %m {scale = 1.0 : f64} : (tensor<2x4x1x8xf32>, tensor<2x2x3x8xf32>, tensor<2x2x3x8xf32>, tensor<1x1x1x4xf32>) -> tensor<2x4x1x8xf32>
  return
}

// -----

func.func @attention_c4_sinks(%q: tensor<2x4x1x8xf32>, %k: tensor<2x2x3x8xf32>, %v: tensor<2x2x3x8xf32>, %s: tensor<2xf32>) {
  // expected-error @below {{needs sinks [Hq], past [B] and total [B]}}
  %0 = moe.attention %q, %k, %v sinks %s {scale = 1.0 : f64} : (tensor<2x4x1x8xf32>, tensor<2x2x3x8xf32>, tensor<2x2x3x8xf32>, tensor<2xf32>) -> tensor<2x4x1x8xf32>
  return
}

// -----

func.func @attention_c4_past(%q: tensor<2x4x1x8xf32>, %k: tensor<2x2x3x8xf32>, %v: tensor<2x2x3x8xf32>, %p: tensor<4xi32>) {
  // expected-error @below {{needs sinks [Hq], past [B] and total [B]}}
  %0 = moe.attention %q, %k, %v past %p {scale = 1.0 : f64} : (tensor<2x4x1x8xf32>, tensor<2x2x3x8xf32>, tensor<2x2x3x8xf32>, tensor<4xi32>) -> tensor<2x4x1x8xf32>
  return
}

// -----

func.func @attention_c5_negative(%q: tensor<2x4x1x8xf32>, %k: tensor<2x2x3x8xf32>, %v: tensor<2x2x3x8xf32>) {
  // expected-error @below {{needs a window of at least 0, and causal for a window}}
  %0 = moe.attention %q, %k, %v {scale = 1.0 : f64, causal, window = -1 : i64} : (tensor<2x4x1x8xf32>, tensor<2x2x3x8xf32>, tensor<2x2x3x8xf32>) -> tensor<2x4x1x8xf32>
  return
}

// -----

func.func @attention_c5_causal(%q: tensor<2x4x1x8xf32>, %k: tensor<2x2x3x8xf32>, %v: tensor<2x2x3x8xf32>) {
  // expected-error @below {{needs a window of at least 0, and causal for a window}}
  %0 = moe.attention %q, %k, %v {scale = 1.0 : f64, window = 2 : i64} : (tensor<2x4x1x8xf32>, tensor<2x2x3x8xf32>, tensor<2x2x3x8xf32>) -> tensor<2x4x1x8xf32>
  return
}

// -----

func.func @rotary_c1_rank(%x: tensor<2x3x8xf32>, %c: tensor<2x3x4xf32>, %s: tensor<2x3x4xf32>) {
  // expected-error @below {{needs x [B, heads, S, D] and cos, sin [B or 1, S, R/2]}}
  %0 = moe.rotary %x, %c, %s : (tensor<2x3x8xf32>, tensor<2x3x4xf32>, tensor<2x3x4xf32>) -> tensor<2x3x8xf32>
  return
}

// -----

func.func @rotary_c1_wide(%x: tensor<2x1x3x8xf32>, %c: tensor<2x3x5xf32>, %s: tensor<2x3x5xf32>) {
  // expected-error @below {{needs x [B, heads, S, D] and cos, sin [B or 1, S, R/2] with R <= D}}
  %0 = moe.rotary %x, %c, %s : (tensor<2x1x3x8xf32>, tensor<2x3x5xf32>, tensor<2x3x5xf32>) -> tensor<2x1x3x8xf32>
  return
}

// -----

func.func @rotary_c2(%x: tensor<2x1x3x8xf32>, %c: tensor<2x3x4xf32>, %s: tensor<2x3x4xf32>) {
  // expected-error @below {{needs a result of the type of x}}
  %0 = moe.rotary %x, %c, %s : (tensor<2x1x3x8xf32>, tensor<2x3x4xf32>, tensor<2x3x4xf32>) -> tensor<2x1x3x8xf16>
  return
}

// -----

func.func @norm_c1(%x: tensor<2x4xf32>, %s: tensor<2xf32>) {
  // expected-error @below {{needs scale and bias of the length of the last axis}}
  %0 = moe.norm %x scale %s {epsilon = 0.0 : f64} : (tensor<2x4xf32>, tensor<2xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @norm_c2(%x: tensor<2x4xf32>) {
  // expected-error @below {{needs a result of the type of x}}
  %0 = moe.norm %x {epsilon = 0.0 : f64} : (tensor<2x4xf32>) -> tensor<2x4xf16>
  return
}
