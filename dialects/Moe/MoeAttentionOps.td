//===- MoeAttentionOps.td - attention, positions and normalisation -----------------------------------------------===//
#ifndef MOE_DIALECTS_MOE_ATTENTION_OPS
#define MOE_DIALECTS_MOE_ATTENTION_OPS

include "MoeAttrs.td"

def Moe_AttentionOp : Moe_TensorOp<"attention", [AttrSizedOperandSegments]> {
  let summary = "softmax attention of queries over keys and values";
  let description = [{
    Meaning: each query mixes the values of the keys that it may see. Query head h reads key/value head h / (Hq / Hk).

    ```
    p        = S_past + s                                     position of query s; S_past = past[b], or L - S without past
    z[s,l]   = scale * sum_d q[b,h,s,d] * k[b,h',l,d]
    z[s,l]   = softcap * tanh(z[s,l] / softcap)               where softcap > 0
    z[s,l]  += mask[b,h,s,l]                                  where a mask is given (a boolean mask: -inf where false)
    z[s,l]   = -inf  where  causal and l > p,  or  window > 0 and l <= p - window,  or  l >= total[b]
    r[s,:]   = exp(z[s,:]) / (exp(sink[h]) + sum_l exp(z[s,l]))      sink left out where not given
    result[b,h,s,:] = sum_l r[s,l] * v[b,h',l,:]
    ```
    A query that may see no key gives zeros. A key that `causal`, `window` or `total` hides adds nothing, whatever it holds, NaN too;
    what keys hidden by the mask add is open where their values are not finite. The softmax is computed against its row's maximum,
    the sink's included.
    Sources: arXiv:1706.03762, arXiv:2305.13245 (groups), arXiv:2309.17453 (sinks), arXiv:2408.00118 (softcap).

    Constraints:
    - (C1) `q` is [B, Hq, S, D], `k` [B, Hk, L, D], `v` [B, Hk, L, Dv]; the result is [B, Hq, S, Dv].
    - (C2) Hk divides Hq.
    - (C3) `mask` has rank 4 and each axis is 1 or that of [B, Hq, S, L].
    - (C4) `sinks` is [Hq]; `past` and `total` are [B].
    - (C5) `window` is at least 0 (0: none) and needs `causal`.

    Example:
    ```mlir
    func.func @main(%q: tensor<?x8x?x64xf32>, %k: tensor<?x2x?x64xf32>, %v: tensor<?x2x?x64xf32>) -> tensor<?x8x?x64xf32> {
      %0 = moe.attention %q, %k, %v {scale = 0.125 : f64, causal}
         : (tensor<?x8x?x64xf32>, tensor<?x2x?x64xf32>, tensor<?x2x?x64xf32>) -> tensor<?x8x?x64xf32>
      return %0 : tensor<?x8x?x64xf32>
    }
    ```

    Lifespan: created by raise, gone after schedule.
  }];
  let arguments = (ins Moe_FloatTensor:$q, Moe_FloatTensor:$k, Moe_FloatTensor:$v,
                       Optional<RankedTensorOf<[AnyFloat, I1]>>:$mask, Optional<Moe_FloatTensor>:$sinks,
                       Optional<Moe_IndexTensor>:$past, Optional<Moe_IndexTensor>:$total, F64Attr:$scale,
                       UnitAttr:$causal, DefaultValuedAttr<I64Attr, "0">:$window, DefaultValuedAttr<F64Attr, "0.0">:$softcap);
  let results = (outs Moe_FloatTensor:$result);
  let assemblyFormat = [{
    $q `,` $k `,` $v (`mask` $mask^)? (`sinks` $sinks^)? (`past` $past^)? (`total` $total^)? attr-dict
    `:` functional-type(operands, results)
  }];
}

def Moe_RotaryOp : Moe_TensorOp<"rotary"> {
  let summary = "rotary position embedding";
  let description = [{
    Meaning: rotates pairs of elements of each head by the angles of its position. The first R = 2 * (last axis of cos) elements
    of the last axis turn, the others pass through. Pair i is (i, i + R/2), or (2i, 2i + 1) with `interleaved`.

    ```
    result[.., a] = x[.., a] * cos[.., i] - x[.., b] * sin[.., i]
    result[.., b] = x[.., b] * cos[.., i] + x[.., a] * sin[.., i]          (a, b) = pair i
    ```
    Source: arXiv:2104.09864.

    Constraints:
    - (C1) `x` is [B, heads, S, D]; `cos` and `sin` are [B or 1, S, R/2] with R <= D.
    - (C2) the result has the element type of `x`, and its lengths where both are known.

    Example:
    ```mlir
    func.func @main(%x: tensor<?x8x?x64xf32>, %cos: tensor<?x?x32xf32>, %sin: tensor<?x?x32xf32>) -> tensor<?x8x?x64xf32> {
      %0 = moe.rotary %x, %cos, %sin
         : (tensor<?x8x?x64xf32>, tensor<?x?x32xf32>, tensor<?x?x32xf32>) -> tensor<?x8x?x64xf32>
      return %0 : tensor<?x8x?x64xf32>
    }
    ```

    Lifespan: created by raise, gone after schedule.
  }];
  let arguments = (ins Moe_FloatTensor:$x, Moe_FloatTensor:$cos, Moe_FloatTensor:$sin, UnitAttr:$interleaved);
  let results = (outs Moe_FloatTensor:$result);
  let assemblyFormat = "$x `,` $cos `,` $sin attr-dict `:` functional-type(operands, results)";
}

def Moe_NormOp : Moe_TensorOp<"norm", [AttrSizedOperandSegments]> {
  let summary = "normalisation of the last axis";
  let description = [{
    Meaning: divides each row by its size, then scales and shifts it.

    ```
    rms:   result = x / sqrt(mean(x^2) + epsilon) * scale + bias
    layer: result = (x - mean(x)) / sqrt(mean((x - mean(x))^2) + epsilon) * scale + bias
    l2:    result = x / max(sqrt(sum(x^2)), epsilon) * scale + bias
    ```
    Computed in float32 or wider. Sources: arXiv:1607.06450 (layer), arXiv:1910.07467 (rms).

    Constraints:
    - (C1) `scale` and `bias` are [N], N the last axis of `x`.
    - (C2) the result has the element type of `x`, and its lengths where both are known.

    Example:
    ```mlir
    func.func @main(%x: tensor<?x?x64xf32>, %scale: tensor<64xf32>) -> tensor<?x?x64xf32> {
      %0 = moe.norm %x scale %scale {epsilon = 1.0e-6 : f64} : (tensor<?x?x64xf32>, tensor<64xf32>) -> tensor<?x?x64xf32>
      return %0 : tensor<?x?x64xf32>
    }
    ```

    Lifespan: created by raise, gone after schedule.
  }];
  let arguments = (ins Moe_FloatTensor:$x, Optional<Moe_FloatTensor>:$scale, Optional<Moe_FloatTensor>:$bias,
                       DefaultValuedAttr<Moe_NormKindAttr, "NormKind::rms">:$kind, F64Attr:$epsilon);
  let results = (outs Moe_FloatTensor:$result);
  let assemblyFormat = "$x (`scale` $scale^)? (`bias` $bias^)? attr-dict `:` functional-type(operands, results)";
}

#endif // MOE_DIALECTS_MOE_ATTENTION_OPS
