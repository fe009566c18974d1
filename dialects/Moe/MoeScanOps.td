//===- MoeScanOps.td - recurrences and causal convolutions -------------------------------------------------------===//
#ifndef MOE_DIALECTS_MOE_SCAN_OPS
#define MOE_DIALECTS_MOE_SCAN_OPS

include "MoeAttrs.td"

def Moe_ScanOp : Moe_TensorOp<"scan", [AttrSizedOperandSegments]> {
  let summary = "a linear recurrence over the states of heads";
  let description = [{
    Meaning: each head keeps a state S of dk x dv numbers. An update lets S decay, adds a matrix of rank 1 times S, and adds an input; a
    token's result is read from S. A token has `updates` = r updates, one by default, so that L = r * T; its result is read behind the last.

    ```
    g[i,j]  = decay[b,l,h,i,j] * rate[h,i,j]             0 without decay, rate 1 where left out
    u[i,j]  = k[b,l,h',i] * v[b,l,h,j]                   v[b,l,h,i,j] without k
    S[i,j]  = exp(g[i,j]) * S[i,j] + a[b,l,h',i] * sum_d b[b,l,h',d] * S[d,j] + u[i,j]      S on the right: before the update
    result[b,t,h,j] = scale * sum_i q[b,t,h',i] * S[i,j]      result[b,t,h,i,j] = S[i,j] without q
    ```
    `exclusive` reads the state in front of the token's updates. S starts as states[0], or as zeros; the last S is final[0].

    With `normalized` the inputs have weights exp(gate), the result is an average of them, and a running maximum m keeps every exponent at
    or below 0, so that the state stays finite for gates of any size:

    ```
    m'       = max(g[j] + m[j], gate[b,l,h,j])                                     gate 0 where left out
    S[i,j]   = exp(g[j] + m[j] - m') * S[i,j] + exp(gate[j] - m') * u[i,j]
    n[i,j]   = exp(g[j] + m[j] - m') * n[i,j] + exp(gate[j] - m') * k[b,l,h',i]    k 1 where left out
    m[j]     = m'
    result[j] = y[j] / (max(abs(d[j]), floor * exp(-m[j])) + epsilon)      y = scale * sum_i q[i] * S[i,j],  d = scale * sum_i q[i] * n[i,j]
    ```
    without q y = S[i,j] and d = n[i,j]. With `exclusive` and `bonus` the readout sees its own token too, with weight
    exp(gate + bonus[h,j]) in place of exp(gate), as if by an update without decay. (S, n, m) start as `states`, or as (0, 0, -inf).

    Head h of the H state heads reads head h / (H / Hk) of k, likewise of a and b. Queries may share states or states may share queries:
    result head h of max(H, Hq) reads query head h / (heads / Hq) and state head h / (heads / H). Gates are given as logarithms, and each of
    their axes may be 1: a decay [1, 1, H, 1, 1] is a number per head. Sums are in float32 or wider, whatever the states' type.

    | model | k, v | decay, rate | more |
    |---|---|---|---|
    | Mamba-1 (S6), arXiv:2312.00752 | B [B,T,1,N], dt*x [B,T,1,D] | dt [B,T,1,1,D], A [1,N,D] | q = C |
    | Mamba-2 (SSD), arXiv:2405.21060 | B [B,T,G,N], dt*x [B,T,H,P] | dt [B,T,H,1,1], A [H,1,1] | q = C |
    | RetNet, lightning attention, arXiv:2307.08621, 2401.04658 | k, v | [1,1,H,1,1] | |
    | GLA, RWKV-6 (`exclusive`), arXiv:2312.06635, 2404.05892 | k, v | [B,T,H,K,1] | RWKV-6 adds (sum_i q u k) v |
    | delta net, arXiv:2406.06484 | beta*k, v | none | a = -beta*k, b = k |
    | gated delta net, arXiv:2412.06464 | beta*k, v | [B,T,H,1,1] | a = -beta*k, b = exp(g)*k |
    | delta product, arXiv:2502.10297 | beta*k, v | as before, 0 behind a token's first update | `updates` |
    | Kimi delta attention (KDA), arXiv:2510.26692 | beta*k, v | [B,T,H,K,1] | a = -beta*k, b = exp(g)*k |
    | RWKV-7, arXiv:2503.14456 | k, v | [B,T,H,K,1] | a = kappa*iclr, b = -kappa |
    | RWKV-4, arXiv:2305.13048 | no k; v [B,T,1,1,C] | [1,1,1,1,C] | gate = key, bonus = u, no q, `normalized`, `exclusive` |
    | mLSTM, arXiv:2405.04517 | k, v | log sigmoid(f) [B,T,H,1,1] | gate [B,T,H,1,1], `normalized`, floor = 1 |
    | RG-LRU, arXiv:2402.19427 | no k; v [B,T,1,1,C] | [B,T,1,1,C] | no q |

    Constraints:
    - (C1) with `k` [B, L, Hk, dk], `v` is [B, L, H, dv]; without, `v` is [B, L, H, dk, dv].
    - (C2) with `q` [B, T, Hq, dk], the result is [B, T, max(H, Hq), dv]; without, [B, T, H, dk, dv]. L = updates * T.
    - (C3) Hk divides H; H divides Hq or Hq divides H.
    - (C4) `decay` and `gate` have rank 5, `rate` and `bonus` rank 3, and each axis is 1 or that of [B, L, H, dk, dv] or [H, dk, dv];
      `rate` needs `decay`.
    - (C5) `a` and `b` come together, as [B, L, Ha, dk] and [B, L, Hb, dk] with Ha and Hb that divide H, and not with `normalized`.
    - (C6) `gate`, `bonus`, `floor` and `epsilon` need `normalized`, `bonus` needs `exclusive`; with `normalized`, axis dk of decay, rate, gate
      and bonus is 1.
    - (C7) states are S [B, H, dk, dv], and with `normalized` also n [B, H, dk, W] and m [B, H, 1, W], where W is 1 if the last axis of decay,
      rate, gate and bonus is known to be 1, else dv. The final states are as many, the initial ones as many or none.
    - (C8) `updates` and `chunk` are at least 1. `chunk` hints how many updates to work off at once, 1 one by one; it changes
      nothing but rounding.

    Example:
    ```mlir
    func.func @main(%v: tensor<?x?x8x64xf32>, %k: tensor<?x?x1x128xf32>, %q: tensor<?x?x1x128xf32>, %dt: tensor<?x?x8x1x1xf32>,
                    %A: tensor<8x1x1xf32>, %S: tensor<?x8x128x64xf32>) -> (tensor<?x?x8x64xf32>, tensor<?x8x128x64xf32>) {
      %y, %last = moe.scan %v key %k query %q decay %dt rate %A states %S
         : (tensor<?x?x8x64xf32>, tensor<?x?x1x128xf32>, tensor<?x?x1x128xf32>, tensor<?x?x8x1x1xf32>, tensor<8x1x1xf32>, tensor<?x8x128x64xf32>)
           -> (tensor<?x?x8x64xf32>, tensor<?x8x128x64xf32>)
      return %y, %last : tensor<?x?x8x64xf32>, tensor<?x8x128x64xf32>
    }
    ```

    Lifespan: created by raise, gone after schedule.
  }];
  let arguments = (ins Moe_FloatTensor:$v, Optional<Moe_FloatTensor>:$k, Optional<Moe_FloatTensor>:$q, Optional<Moe_FloatTensor>:$decay,
                       Optional<Moe_FloatTensor>:$rate, Optional<Moe_FloatTensor>:$a, Optional<Moe_FloatTensor>:$b,
                       Optional<Moe_FloatTensor>:$gate, Optional<Moe_FloatTensor>:$bonus, Variadic<Moe_FloatTensor>:$states,
                       DefaultValuedAttr<F64Attr, "1.0">:$scale, UnitAttr:$exclusive, UnitAttr:$normalized,
                       DefaultValuedAttr<F64Attr, "0.0">:$floor, DefaultValuedAttr<F64Attr, "0.0">:$epsilon,
                       DefaultValuedAttr<I64Attr, "1">:$updates, OptionalAttr<I64Attr>:$chunk);
  let results = (outs Moe_FloatTensor:$result, Variadic<Moe_FloatTensor>:$final);
  let extraClassDeclaration = [{
    /// True where gates differ between columns of S, so that n and m have dv columns.
    bool hasColumnGates();
  }];
  let assemblyFormat = [{
    $v (`key` $k^)? (`query` $q^)? (`decay` $decay^)? (`rate` $rate^)? (`low_rank` $a^ `,` $b)? (`gate` $gate^)? (`bonus` $bonus^)?
    (`states` $states^)? attr-dict `:` functional-type(operands, results)
  }];
}

def Moe_CausalConvOp : Moe_TensorOp<"causal_conv", [AttrSizedOperandSegments]> {
  let summary = "a short convolution over tokens, channel by channel, that sees no later token";
  let description = [{
    Meaning: each channel is filtered with its own K weights, over the tokens up to its own. The tokens in front of the first one are the state,
    or zeros; the last P = dilation * (K - 1) tokens are the final state.

    ```
    whole[b,c,:]  = concat(state[b,c,:], x[b,:,c])
    result[b,t,c] = act(bias[c] + sum_k weight[c,k] * whole[b, c, t + dilation * k])
    final[b,c,p]  = whole[b, c, T + p]
    ```
    Sums are in float32 or wider. Used in front of the scans of Mamba (arXiv:2312.00752), RecurrentGemma (arXiv:2402.19427), gated delta nets
    (arXiv:2412.06464), and alone (Hyena, arXiv:2302.10866; LFM2).

    Constraints:
    - (C1) `x` is [B, T, C], `weight` [C, K] with K at least 1, `bias` [C].
    - (C2) `state` and the final state are [B, C, P].
    - (C3) the result has the element type of `x`, and its lengths where both are known.
    - (C4) `dilation` is at least 1.

    Example:
    ```mlir
    func.func @main(%x: tensor<?x?x64xf32>, %w: tensor<64x4xf32>, %s: tensor<?x64x3xf32>) -> (tensor<?x?x64xf32>, tensor<?x64x3xf32>) {
      %y, %last = moe.causal_conv %x, %w state %s {activation = #moe.activation<silu>}
         : (tensor<?x?x64xf32>, tensor<64x4xf32>, tensor<?x64x3xf32>) -> (tensor<?x?x64xf32>, tensor<?x64x3xf32>)
      return %y, %last : tensor<?x?x64xf32>, tensor<?x64x3xf32>
    }
    ```

    Lifespan: created by raise, gone after schedule.
  }];
  let arguments = (ins Moe_FloatTensor:$x, Moe_FloatTensor:$weight, Optional<Moe_FloatTensor>:$bias, Optional<Moe_FloatTensor>:$state,
                       DefaultValuedAttr<Moe_ActivationAttr, "Activation::identity">:$activation, DefaultValuedAttr<I64Attr, "1">:$dilation);
  let results = (outs Moe_FloatTensor:$result, Moe_FloatTensor:$final);
  let assemblyFormat = "$x `,` $weight (`bias` $bias^)? (`state` $state^)? attr-dict `:` functional-type(operands, results)";
}

#endif // MOE_DIALECTS_MOE_SCAN_OPS
