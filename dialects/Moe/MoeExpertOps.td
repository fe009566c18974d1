//===- MoeExpertOps.td - projections and banks of feed-forward experts -------------------------------------------===//
#ifndef MOE_DIALECTS_MOE_EXPERT_OPS
#define MOE_DIALECTS_MOE_EXPERT_OPS

include "MoeAttrs.td"

def Moe_LinearOp : Moe_TensorOp<"linear"> {
  let summary = "a projection by a weight matrix";
  let description = [{
    Meaning: multiplies the last axis by a matrix that is stored one row per output.

    ```
    result[..., n] = sum_k input[..., k] * weight[n, k] + bias[n]
    ```

    Constraints:
    - (C1) `weight` is [N, K]; the last axis of `input` is K.
    - (C2) `bias` is [N].
    - (C3) the result has the shape of `input` with N as last axis.

    Example:
    ```mlir
    func.func @main(%x: tensor<?x64xf32>, %w: tensor<32x64xf32>) -> tensor<?x32xf32> {
      %0 = moe.linear %x, %w : (tensor<?x64xf32>, tensor<32x64xf32>) -> tensor<?x32xf32>
      return %0 : tensor<?x32xf32>
    }
    ```

    Lifespan: created by raise, gone after schedule.
  }];
  let arguments = (ins Moe_FloatTensor:$input, Moe_FloatTensor:$weight, Optional<Moe_FloatTensor>:$bias);
  let results = (outs Moe_FloatTensor:$result);
  let assemblyFormat = "$input `,` $weight (`bias` $bias^)? attr-dict `:` functional-type(operands, results)";
}

def Moe_ExpertsOp : Moe_TensorOp<"experts", [AttrSizedOperandSegments]> {
  let summary = "a bank of feed-forward experts applied to the tokens routed to them";
  let description = [{
    Meaning: each token runs through its selected experts; the results are added with the routing weights.

    ```
    g[i]   = sum_h gate[e,i,h] * x[t,h] + gate_bias[e,i]      clamped to (-inf, limit]
    u[i]   = sum_h up[e,i,h]   * x[t,h] + up_bias[e,i]        clamped to [-limit, limit]
    a[i]   = act(g[i]) * (u[i] + beta)                        without gate: a[i] = act(u[i])
    y[e,h] = sum_i down[e,h,i] * a[i] + down_bias[e,h]
    result[t,:] = sum_j weights[t,j] * y[ids[t,j], :]         j with ids[t,j] = -1 is skipped
    ```
    `act`: `identity` x; `relu` max(x, 0); `relu2` max(x, 0)^2; `silu` x * sigmoid(alpha * x), where alpha is used only; `gelu`
    x / 2 * (1 + erf(x / sqrt(2))); `gelu_tanh` x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))); `sigmoid`; `tanh`. NaN stays
    NaN when it is clamped. With `scale_input` the weight multiplies x before the expert (Llama 4), not y. An expert that a token
    names twice counts twice. Ids outside -1 ... E-1 end the run with an error.
    Sources: arXiv:1701.06538 (sparse experts), arXiv:2002.05202 (gated units), gpt-oss model card (alpha, beta, limit).

    Constraints:
    - (C1) `x` is [T, H]; `ids` and `weights` are [T, K].
    - (C2) `up` is [E, I, H]; `gate`, where given, too; `down` is [E, H', I]; the result is [T, H'].
    - (C3) `gate_bias` and `up_bias` are [E, I]; `down_bias` is [E, H'].
    - (C4) `gate_bias` needs `gate`.
    - (C5) E is static and at least 1.

    Example:
    ```mlir
    func.func @main(%x: tensor<?x64xf32>, %ids: tensor<?x2xi32>, %w: tensor<?x2xf32>, %gate: tensor<8x96x64xf32>,
                    %up: tensor<8x96x64xf32>, %down: tensor<8x64x96xf32>) -> tensor<?x64xf32> {
      %0 = moe.experts %x, %ids, %w gate %gate up %up down %down {activation = #moe.activation<silu>}
         : (tensor<?x64xf32>, tensor<?x2xi32>, tensor<?x2xf32>, tensor<8x96x64xf32>, tensor<8x96x64xf32>,
            tensor<8x64x96xf32>) -> tensor<?x64xf32>
      return %0 : tensor<?x64xf32>
    }
    ```

    Lifespan: created by raise, gone after schedule.
  }];
  let arguments = (ins Moe_FloatTensor:$x, Moe_IndexTensor:$ids, Moe_FloatTensor:$weights,
                       Optional<Moe_FloatTensor>:$gate, Moe_FloatTensor:$up, Moe_FloatTensor:$down,
                       Optional<Moe_FloatTensor>:$gate_bias, Optional<Moe_FloatTensor>:$up_bias,
                       Optional<Moe_FloatTensor>:$down_bias,
                       DefaultValuedAttr<Moe_ActivationAttr, "Activation::silu">:$activation,
                       DefaultValuedAttr<F64Attr, "1.0">:$alpha, DefaultValuedAttr<F64Attr, "0.0">:$beta,
                       OptionalAttr<F64Attr>:$limit, UnitAttr:$scale_input);
  let results = (outs Moe_FloatTensor:$result);
  let assemblyFormat = [{
    $x `,` $ids `,` $weights (`gate` $gate^)? `up` $up `down` $down (`gate_bias` $gate_bias^)? (`up_bias` $up_bias^)?
    (`down_bias` $down_bias^)? attr-dict `:` functional-type(operands, results)
  }];
}

#endif // MOE_DIALECTS_MOE_EXPERT_OPS
