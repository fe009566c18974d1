// RUN: moe-opt %s -split-input-file -verify-diagnostics -o /dev/null

func.func @scan_c1_rank(%v: tensor<2x3x4x6x8xf32>, %k: tensor<2x3x2x6xf32>) {
  // expected-error @below {{needs k [B, L, Hk, dk] with v [B, L, H, dv]}}
  %0:2 = moe.scan %v key %k : (tensor<2x3x4x6x8xf32>, tensor<2x3x2x6xf32>) -> (tensor<2x3x4x6x8xf32>, tensor<2x4x6x8xf32>)
  return
}

// -----

func.func @scan_c1_no_key(%v: tensor<2x3x4x8xf32>) {
  // expected-error @below {{without k needs v [B, L, H, dk, dv]}}
  %0:2 = moe.scan %v : (tensor<2x3x4x8xf32>) -> (tensor<2x3x4x8xf32>, tensor<2x4x6x8xf32>)
  return
}

// -----

func.func @scan_c1_length(%v: tensor<2x3x4x8xf32>, %k: tensor<2x4x2x6xf32>, %q: tensor<2x3x4x6xf32>) {
  // expected-error @below {{needs k [B, L, Hk, dk] with v [B, L, H, dv]}}
  %0:2 = moe.scan %v key %k query %q : (tensor<2x3x4x8xf32>, tensor<2x4x2x6xf32>, tensor<2x3x4x6xf32>) -> (tensor<2x3x4x8xf32>, tensor<2x4x6x8xf32>)
  return
}

// -----

func.func @scan_c2_width(%v: tensor<2x3x4x8xf32>, %k: tensor<2x3x2x6xf32>, %q: tensor<2x3x4x5xf32>) {
  // expected-error @below {{needs q [B, T, Hq, dk] and a result [B, T, max(H, Hq), dv]}}
  %0:2 = moe.scan %v key %k query %q : (tensor<2x3x4x8xf32>, tensor<2x3x2x6xf32>, tensor<2x3x4x5xf32>) -> (tensor<2x3x4x8xf32>, tensor<2x4x6x8xf32>)
  return
}

// -----

func.func @scan_c2_heads(%v: tensor<2x3x4x8xf32>, %k: tensor<2x3x2x6xf32>, %q: tensor<2x3x8x6xf32>) {
  // expected-error @below {{needs q [B, T, Hq, dk] and a result [B, T, max(H, Hq), dv]}}
  %0:2 = moe.scan %v key %k query %q : (tensor<2x3x4x8xf32>, tensor<2x3x2x6xf32>, tensor<2x3x8x6xf32>) -> (tensor<2x3x4x8xf32>, tensor<2x4x6x8xf32>)
  return
}

// -----

func.func @scan_c2_no_query(%v: tensor<2x3x4x8xf32>, %k: tensor<2x3x2x6xf32>) {
  // expected-error @below {{without q needs a result [B, T, H, dk, dv]}}
  %0:2 = moe.scan %v key %k : (tensor<2x3x4x8xf32>, tensor<2x3x2x6xf32>) -> (tensor<2x3x4x8x8xf32>, tensor<2x4x6x8xf32>)
  return
}

// -----

func.func @scan_c2_updates(%v: tensor<2x3x4x8xf32>, %k: tensor<2x3x2x6xf32>, %q: tensor<2x3x4x6xf32>) {
  // expected-error @below {{needs v of length 6, the number of tokens times updates}}
  %0:2 = moe.scan %v key %k query %q {updates = 2 : i64} : (tensor<2x3x4x8xf32>, tensor<2x3x2x6xf32>, tensor<2x3x4x6xf32>) -> (tensor<2x3x4x8xf32>, tensor<2x4x6x8xf32>)
  return
}

// -----

func.func @scan_c3_keys(%v: tensor<2x3x4x8xf32>, %k: tensor<2x3x3x6xf32>, %q: tensor<2x3x4x6xf32>) {
  // expected-error @below {{needs key heads that divide the state heads, and query heads that divide them or are a multiple of them}}
  %0:2 = moe.scan %v key %k query %q : (tensor<2x3x4x8xf32>, tensor<2x3x3x6xf32>, tensor<2x3x4x6xf32>) -> (tensor<2x3x4x8xf32>, tensor<2x4x6x8xf32>)
  return
}

// -----

func.func @scan_c3_queries(%v: tensor<2x3x4x8xf32>, %k: tensor<2x3x2x6xf32>, %q: tensor<2x3x6x6xf32>) {
  // expected-error @below {{needs key heads that divide the state heads, and query heads that divide them or are a multiple of them}}
  %0:2 = moe.scan %v key %k query %q : (tensor<2x3x4x8xf32>, tensor<2x3x2x6xf32>, tensor<2x3x6x6xf32>) -> (tensor<2x3x6x8xf32>, tensor<2x4x6x8xf32>)
  return
}

// -----

func.func @scan_c4_decay(%v: tensor<2x3x4x8xf32>, %k: tensor<2x3x2x6xf32>, %q: tensor<2x3x4x6xf32>, %g: tensor<2x3x2x1x1xf32>) {
  // expected-error @below {{needs decay and gate that broadcast to [B, L, H, dk, dv]}}
  %0:2 = moe.scan %v key %k query %q decay %g : (tensor<2x3x4x8xf32>, tensor<2x3x2x6xf32>, tensor<2x3x4x6xf32>, tensor<2x3x2x1x1xf32>) -> (tensor<2x3x4x8xf32>, tensor<2x4x6x8xf32>)
  return
}

// -----

func.func @scan_c4_rate(%v: tensor<2x3x4x8xf32>, %k: tensor<2x3x2x6xf32>, %q: tensor<2x3x4x6xf32>, %g: tensor<2x3x4x1x1xf32>, %r: tensor<4x1xf32>) {
  // expected-error @below {{needs rate and bonus that broadcast to [H, dk, dv]}}
  %0:2 = moe.scan %v key %k query %q decay %g rate %r : (tensor<2x3x4x8xf32>, tensor<2x3x2x6xf32>, tensor<2x3x4x6xf32>, tensor<2x3x4x1x1xf32>, tensor<4x1xf32>) -> (tensor<2x3x4x8xf32>, tensor<2x4x6x8xf32>)
  return
}

// -----

func.func @scan_c4_rate_alone(%v: tensor<2x3x4x8xf32>, %k: tensor<2x3x2x6xf32>, %q: tensor<2x3x4x6xf32>, %r: tensor<4x1x1xf32>) {
  // expected-error @below {{needs decay for rate}}
  %0:2 = moe.scan %v key %k query %q rate %r : (tensor<2x3x4x8xf32>, tensor<2x3x2x6xf32>, tensor<2x3x4x6xf32>, tensor<4x1x1xf32>) -> (tensor<2x3x4x8xf32>, tensor<2x4x6x8xf32>)
  return
}

// -----

func.func @scan_c5_normalized(%v: tensor<2x3x4x8xf32>, %k: tensor<2x3x2x6xf32>, %q: tensor<2x3x4x6xf32>) {
  // expected-error @below {{needs a and b together, and without normalized}}
  %0:4 = moe.scan %v key %k query %q low_rank %k, %k {normalized} : (tensor<2x3x4x8xf32>, tensor<2x3x2x6xf32>, tensor<2x3x4x6xf32>, tensor<2x3x2x6xf32>, tensor<2x3x2x6xf32>) -> (tensor<2x3x4x8xf32>, tensor<2x4x6x8xf32>, tensor<2x4x6x1xf32>, tensor<2x4x1x1xf32>)
  return
}

// -----

func.func @scan_c5_heads(%v: tensor<2x3x4x8xf32>, %k: tensor<2x3x2x6xf32>, %q: tensor<2x3x4x6xf32>, %a: tensor<2x3x3x6xf32>) {
  // expected-error @below {{needs a [B, L, Ha, dk] and b [B, L, Hb, dk] with Ha and Hb that divide H}}
  %0:2 = moe.scan %v key %k query %q low_rank %a, %a : (tensor<2x3x4x8xf32>, tensor<2x3x2x6xf32>, tensor<2x3x4x6xf32>, tensor<2x3x3x6xf32>, tensor<2x3x3x6xf32>) -> (tensor<2x3x4x8xf32>, tensor<2x4x6x8xf32>)
  return
}

// -----

func.func @scan_c6_gate(%v: tensor<2x3x4x8xf32>, %k: tensor<2x3x2x6xf32>, %q: tensor<2x3x4x6xf32>, %g: tensor<2x3x4x1x1xf32>) {
  // expected-error @below {{needs normalized for gate, bonus, floor and epsilon}}
  %0:2 = moe.scan %v key %k query %q gate %g : (tensor<2x3x4x8xf32>, tensor<2x3x2x6xf32>, tensor<2x3x4x6xf32>, tensor<2x3x4x1x1xf32>) -> (tensor<2x3x4x8xf32>, tensor<2x4x6x8xf32>)
  return
}

// -----

func.func @scan_c6_floor(%v: tensor<2x3x4x8xf32>, %k: tensor<2x3x2x6xf32>, %q: tensor<2x3x4x6xf32>) {
  // expected-error @below {{needs normalized for gate, bonus, floor and epsilon}}
  %0:2 = moe.scan %v key %k query %q {floor = 1.0 : f64} : (tensor<2x3x4x8xf32>, tensor<2x3x2x6xf32>, tensor<2x3x4x6xf32>) -> (tensor<2x3x4x8xf32>, tensor<2x4x6x8xf32>)
  return
}

// -----

func.func @scan_c6_bonus(%v: tensor<2x3x4x8xf32>, %k: tensor<2x3x2x6xf32>, %q: tensor<2x3x4x6xf32>, %r: tensor<4x1x1xf32>) {
  // expected-error @below {{needs exclusive for bonus}}
  %0:4 = moe.scan %v key %k query %q bonus %r {normalized} : (tensor<2x3x4x8xf32>, tensor<2x3x2x6xf32>, tensor<2x3x4x6xf32>, tensor<4x1x1xf32>) -> (tensor<2x3x4x8xf32>, tensor<2x4x6x8xf32>, tensor<2x4x6x1xf32>, tensor<2x4x1x1xf32>)
  return
}

// -----

func.func @scan_c6_keys(%v: tensor<2x3x4x8xf32>, %k: tensor<2x3x2x6xf32>, %q: tensor<2x3x4x6xf32>, %g: tensor<2x3x4x6x1xf32>) {
  // expected-error @below {{with normalized needs gates whose axis dk is 1}}
  %0:4 = moe.scan %v key %k query %q decay %g {normalized} : (tensor<2x3x4x8xf32>, tensor<2x3x2x6xf32>, tensor<2x3x4x6xf32>, tensor<2x3x4x6x1xf32>) -> (tensor<2x3x4x8xf32>, tensor<2x4x6x8xf32>, tensor<2x4x6x1xf32>, tensor<2x4x1x1xf32>)
  return
}

// -----

func.func @scan_c7_count(%v: tensor<2x3x4x8xf32>, %k: tensor<2x3x2x6xf32>, %q: tensor<2x3x4x6xf32>) {
  // expected-error @below {{needs 3 final states, and as many initial ones or none}}
  %0:2 = moe.scan %v key %k query %q {normalized} : (tensor<2x3x4x8xf32>, tensor<2x3x2x6xf32>, tensor<2x3x4x6xf32>) -> (tensor<2x3x4x8xf32>, tensor<2x4x6x8xf32>)
  return
}

// -----

func.func @scan_c7_initial(%v: tensor<2x3x4x8xf32>, %k: tensor<2x3x2x6xf32>, %q: tensor<2x3x4x6xf32>, %s: tensor<2x4x6x8xf32>) {
  // expected-error @below {{needs 1 final states, and as many initial ones or none}}
  %0:2 = moe.scan %v key %k query %q states %s, %s : (tensor<2x3x4x8xf32>, tensor<2x3x2x6xf32>, tensor<2x3x4x6xf32>, tensor<2x4x6x8xf32>, tensor<2x4x6x8xf32>) -> (tensor<2x3x4x8xf32>, tensor<2x4x6x8xf32>)
  return
}

// -----

func.func @scan_c7_shape(%v: tensor<2x3x4x8xf32>, %k: tensor<2x3x2x6xf32>, %q: tensor<2x3x4x6xf32>, %s: tensor<2x4x8x6xf32>) {
  // expected-error @below {{needs states S [B, H, dk, dv]}}
  %0:2 = moe.scan %v key %k query %q states %s : (tensor<2x3x4x8xf32>, tensor<2x3x2x6xf32>, tensor<2x3x4x6xf32>, tensor<2x4x8x6xf32>) -> (tensor<2x3x4x8xf32>, tensor<2x4x6x8xf32>)
  return
}

// -----

func.func @scan_c7_final(%v: tensor<2x3x4x8xf32>, %k: tensor<2x3x2x6xf32>, %q: tensor<2x3x4x6xf32>) {
  // expected-error @below {{needs states S [B, H, dk, dv]}}
  %0:2 = moe.scan %v key %k query %q : (tensor<2x3x4x8xf32>, tensor<2x3x2x6xf32>, tensor<2x3x4x6xf32>) -> (tensor<2x3x4x8xf32>, tensor<2x4x8x6xf32>)
  return
}

// -----

func.func @scan_c7_normalizer(%v: tensor<2x3x4x8xf32>, %k: tensor<2x3x2x6xf32>, %q: tensor<2x3x4x6xf32>, %g: tensor<2x3x4x1x1xf32>) {
  // expected-error @below {{needs states n [B, H, dk, W] and m [B, H, 1, W] with W 1}}
  %0:4 = moe.scan %v key %k query %q decay %g {normalized} : (tensor<2x3x4x8xf32>, tensor<2x3x2x6xf32>, tensor<2x3x4x6xf32>, tensor<2x3x4x1x1xf32>) -> (tensor<2x3x4x8xf32>, tensor<2x4x6x8xf32>, tensor<2x4x6x8xf32>, tensor<2x4x1x8xf32>)
  return
}

// -----

func.func @scan_c7_columns(%v: tensor<2x3x4x8xf32>, %k: tensor<2x3x2x6xf32>, %q: tensor<2x3x4x6xf32>, %g: tensor<1x1x1x1x8xf32>) {
  // expected-error @below {{needs states n [B, H, dk, W] and m [B, H, 1, W] with W dv}}
  %0:4 = moe.scan %v key %k query %q decay %g {normalized} : (tensor<2x3x4x8xf32>, tensor<2x3x2x6xf32>, tensor<2x3x4x6xf32>, tensor<1x1x1x1x8xf32>) -> (tensor<2x3x4x8xf32>, tensor<2x4x6x8xf32>, tensor<2x4x6x1xf32>, tensor<2x4x1x1xf32>)
  return
}

// -----

func.func @scan_c8_chunk(%v: tensor<2x3x4x8xf32>, %k: tensor<2x3x2x6xf32>, %q: tensor<2x3x4x6xf32>) {
  // expected-error @below {{needs updates and chunk of at least 1}}
  %0:2 = moe.scan %v key %k query %q {chunk = 0 : i64} : (tensor<2x3x4x8xf32>, tensor<2x3x2x6xf32>, tensor<2x3x4x6xf32>) -> (tensor<2x3x4x8xf32>, tensor<2x4x6x8xf32>)
  return
}

// -----

func.func @scan_c8_updates(%v: tensor<2x3x4x8xf32>, %k: tensor<2x3x2x6xf32>, %q: tensor<2x3x4x6xf32>) {
  // expected-error @below {{needs updates and chunk of at least 1}}
  %0:2 = moe.scan %v key %k query %q {updates = 0 : i64} : (tensor<2x3x4x8xf32>, tensor<2x3x2x6xf32>, tensor<2x3x4x6xf32>) -> (tensor<2x3x4x8xf32>, tensor<2x4x6x8xf32>)
  return
}

// -----

func.func @causal_conv_c1_channels(%x: tensor<2x5x8xf32>, %w: tensor<6x4xf32>) {
  // expected-error @below {{needs x [B, T, C], weight [C, K] with K of at least 1, and bias [C]}}
  %0:2 = moe.causal_conv %x, %w : (tensor<2x5x8xf32>, tensor<6x4xf32>) -> (tensor<2x5x8xf32>, tensor<2x8x3xf32>)
  return
}

// -----

func.func @causal_conv_c1_no_weights(%x: tensor<2x5x8xf32>, %w: tensor<8x0xf32>) {
  // expected-error @below {{needs x [B, T, C], weight [C, K] with K of at least 1, and bias [C]}}
  %0:2 = moe.causal_conv %x, %w : (tensor<2x5x8xf32>, tensor<8x0xf32>) -> (tensor<2x5x8xf32>, tensor<2x8x0xf32>)
  return
}

// -----

func.func @causal_conv_c1_bias(%x: tensor<2x5x8xf32>, %w: tensor<8x4xf32>, %b: tensor<4xf32>) {
  // expected-error @below {{needs x [B, T, C], weight [C, K] with K of at least 1, and bias [C]}}
  %0:2 = moe.causal_conv %x, %w bias %b : (tensor<2x5x8xf32>, tensor<8x4xf32>, tensor<4xf32>) -> (tensor<2x5x8xf32>, tensor<2x8x3xf32>)
  return
}

// -----

func.func @causal_conv_c2_state(%x: tensor<2x5x8xf32>, %w: tensor<8x4xf32>, %s: tensor<2x8x4xf32>) {
  // expected-error @below {{needs states [B, C, P] with P = dilation * (K - 1)}}
  %0:2 = moe.causal_conv %x, %w state %s : (tensor<2x5x8xf32>, tensor<8x4xf32>, tensor<2x8x4xf32>) -> (tensor<2x5x8xf32>, tensor<2x8x3xf32>)
  return
}

// -----

func.func @causal_conv_c2_final(%x: tensor<2x5x8xf32>, %w: tensor<8x4xf32>) {
  // expected-error @below {{needs states [B, C, P] with P = dilation * (K - 1)}}
  %0:2 = moe.causal_conv %x, %w {dilation = 2 : i64} : (tensor<2x5x8xf32>, tensor<8x4xf32>) -> (tensor<2x5x8xf32>, tensor<2x8x3xf32>)
  return
}

// -----

func.func @causal_conv_c3(%x: tensor<2x5x8xf32>, %w: tensor<8x4xf32>) {
  // expected-error @below {{needs a result of the type of x}}
  %0:2 = moe.causal_conv %x, %w : (tensor<2x5x8xf32>, tensor<8x4xf32>) -> (tensor<2x4x8xf32>, tensor<2x8x3xf32>)
  return
}

// -----

func.func @causal_conv_c4(%x: tensor<2x5x8xf32>, %w: tensor<8x4xf32>) {
  // expected-error @below {{needs a dilation of at least 1}}
  %0:2 = moe.causal_conv %x, %w {dilation = 0 : i64} : (tensor<2x5x8xf32>, tensor<8x4xf32>) -> (tensor<2x5x8xf32>, tensor<2x8x3xf32>)
  return
}
