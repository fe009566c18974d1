//===- MoeRoutingOps.td - which experts a token goes to ----------------------------------------------------------===//
#ifndef MOE_DIALECTS_MOE_ROUTING_OPS
#define MOE_DIALECTS_MOE_ROUTING_OPS

include "MoeAttrs.td"

def Moe_RouteOp : Moe_TensorOp<"route", [AttrSizedOperandSegments]> {
  let summary = "the experts and weights of each token";
  let description = [{
    Meaning: scores every expert for every token, selects experts, and weighs them. A router is described by its parts.

    ```
    s[t,e]   = score(logits[t,e])
    c[t,e]   = s[t,e] + bias[e]                         (bias is used for the selection only)
    c[t,e]   = -inf where e's group is not among the groups_kept best groups of t
    ids[t,:] = select(c[t,:])                           (best first; equal scores: the lower expert first; -1: no expert)
    w[t,j]   = s[t, ids[t,j]], renormalised over j, times scale;  0 where ids[t,j] = -1
    ```
    `score`: `identity` x; `softmax` over e, against the row's maximum; `sigmoid` 1 / (1 + exp(-x)); `sqrt_softplus`
    sqrt(log(1 + exp(x))).
    Groups are `groups` runs of neighbouring experts. The score of a group is its largest c, or with `top2_sum` the sum of its two
    largest (of the only one in groups of one); equal groups: the lower one first.
    `select`: `topk` takes the k best; where fewer than k are above -inf, those at -inf follow as equal scores do. `threshold` takes
    those with c >= threshold, at most k, and -1 in the slots behind them. `capacity` takes the k best, and then drops, per expert,
    all but the first `capacity` tokens: -1 takes the slot of a dropped one. With `sequence` that is counted anew in every run of
    `sequence` neighbouring tokens. `expert_choice`: each expert takes its `capacity` best
    tokens, or all where there are fewer (equal scores: the lower token first); a token's experts come in rising order, then -1.
    `hash`: ids[t,:] = table[token_ids[t],:]; a token id outside the table, and an expert in it outside -1 ... E-1, end the run with
    an error.
    `renorm` is over the slots of t that hold an expert: `sum` divides by (sum over j + epsilon), or by `floor` where that is
    larger and above 0; `softmax` takes the softmax of s over the selected.
    A NaN in c counts as the largest, above every threshold, as in ONNX Runtime's TopK; equal to another NaN. With softmax one NaN
    logit makes all scores of its token NaN. Which of two experts comes first is open where their c differ by less than the rounding
    of s; it is not open where they are equal before that.
    Groups: DeepSeek-V3 (arXiv:2412.19437) 2.1.2; capacity: Switch (arXiv:2101.03961) 2.2; expert choice: arXiv:2202.09368;
    hash: arXiv:2106.04426.

    Constraints:
    - (C1) `logits` is [T, E]; `bias` is [E]; `token_ids` is [T]; `table` is [V, K].
    - (C2) `ids` and `weights` are [T, K] with K = `k` (E for `expert_choice`).
    - (C3) 1 <= k <= E, where E is static; k = E for `expert_choice`.
    - (C4) `groups` divides E; 1 <= `groups_kept` <= `groups`.
    - (C5) `token_ids` and `table` are given for `hash`, and only then.
    - (C6) `capacity` >= 1 for `capacity` and `expert_choice`.
    - (C7) `sequence` has rank 0 and is given for `capacity` alone; it is at least 1 where there are tokens.

    Example:
    ```mlir
    func.func @main(%logits: tensor<?x8xf32>) -> (tensor<?x2xi32>, tensor<?x2xf32>) {
      %ids, %w = moe.route %logits {k = 2 : i64, score = #moe.score<softmax>, renorm = #moe.renorm<sum>}
               : (tensor<?x8xf32>) -> (tensor<?x2xi32>, tensor<?x2xf32>)
      return %ids, %w : tensor<?x2xi32>, tensor<?x2xf32>
    }
    ```

    Lifespan: created by raise, gone after schedule.
  }];
  let arguments = (ins Moe_FloatTensor:$logits, Optional<Moe_FloatTensor>:$bias, Optional<Moe_IndexTensor>:$token_ids,
                       Optional<Moe_IndexTensor>:$table, Optional<Moe_IndexTensor>:$sequence, I64Attr:$k,
                       DefaultValuedAttr<Moe_ScoreAttr, "Score::softmax">:$score,
                       DefaultValuedAttr<Moe_SelectAttr, "Select::topk">:$select,
                       DefaultValuedAttr<Moe_RenormAttr, "Renorm::none">:$renorm,
                       DefaultValuedAttr<I64Attr, "1">:$groups, DefaultValuedAttr<I64Attr, "1">:$groups_kept,
                       DefaultValuedAttr<Moe_GroupScoreAttr, "GroupScore::max">:$group_score,
                       DefaultValuedAttr<F64Attr, "1.0">:$scale, DefaultValuedAttr<F64Attr, "0.0">:$epsilon,
                       DefaultValuedAttr<F64Attr, "0.0">:$threshold, DefaultValuedAttr<I64Attr, "0">:$capacity,
                       DefaultValuedAttr<F64Attr, "0.0">:$floor);
  let results = (outs Moe_IndexTensor:$ids, Moe_FloatTensor:$weights);
  let assemblyFormat = [{
    $logits (`bias` $bias^)? (`tokens` $token_ids^)? (`table` $table^)? (`sequence` $sequence^)? attr-dict `:` functional-type(operands, results)
  }];
}

def Moe_TopKOp : Moe_TensorOp<"top_k"> {
  let summary = "the k largest or smallest elements along the last axis, sorted";
  let description = [{
    Meaning: sorts the last axis and keeps the first k. Equal elements: the lower index first. NaN counts as the largest and
    equals NaN; -0 equals 0. Signless integers are signed.

    ```
    indices[..., :] = (stable sort of the last axis, descending if largest)[0, k)
    values[..., j]  = input[..., indices[..., j]]
    ```

    Constraints:
    - (C1) `values` and `indices` have the shape of `input` but for the last axis, `values` its element type.
    - (C2) the rank is at least 1.
    - (C3) `k` is at least 0 and at most the length of the last axis (checked when it runs).

    Example:
    ```mlir
    func.func @main(%x: tensor<?x8xf32>, %k: index) -> (tensor<?x?xf32>, tensor<?x?xi64>) {
      %v, %i = moe.top_k %x, %k {largest = true} : tensor<?x8xf32> -> tensor<?x?xf32>, tensor<?x?xi64>
      return %v, %i : tensor<?x?xf32>, tensor<?x?xi64>
    }
    ```

    Lifespan: created by legalize for what no router absorbed, gone after schedule.
  }];
  let arguments = (ins AnyRankedTensor:$input, Index:$k, BoolAttr:$largest);
  let results = (outs AnyRankedTensor:$values, RankedTensorOf<[I64]>:$indices);
  let assemblyFormat = "$input `,` $k attr-dict `:` type($input) `->` type($values) `,` type($indices)";
}

#endif // MOE_DIALECTS_MOE_ROUTING_OPS
