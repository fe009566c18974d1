//===- MoeStateOps.td - what a session keeps from run to run ----------------------------------------------------===//
#ifndef MOE_DIALECTS_MOE_STATE_OPS
#define MOE_DIALECTS_MOE_STATE_OPS

include "MoeAttrs.td"

def Moe_StateOp : Moe_Op<"state", [Symbol]> {
  let summary = "a tensor that a session keeps from run to run";
  let description = [{
    Meaning: names a value that outlives a run: the keys of a layer, the state of a recurrence. A session begins with a fresh state: zeros,
    with the lengths that the first op of the first run says, and of length 0 along `axis`. `axis` is the axis whose length may change from run
    to run; the others stay.

    ```
    state = zeros
    ```

    Constraints:
    - (C1) `axis`, where given, is an axis of the type, and dynamic there.

    Example:
    ```mlir
    moe.state @keys : tensor<?x2x?x16xf32> axis 2
    ```

    Lifespan: created by optimize (moe-make-stateful); listed in the artefact by emit.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<AnyRankedTensor>:$type, OptionalAttr<I64Attr>:$axis);
  let assemblyFormat = "$sym_name `:` $type (`axis` $axis^)? attr-dict";
  let hasVerifier = 1;
}

/// An op on the state that it names.
class Moe_StateUserOp<string mnemonic, list<MemoryEffect> effects>
    : Moe_Op<mnemonic, [DeclareOpInterfaceMethods<SymbolUserOpInterface>, MemoryEffects<effects>]>;

def Moe_GetStateOp : Moe_StateUserOp<"get_state", [MemRead]> {
  let summary = "the value of a state";
  let description = [{
    Meaning: the state as it is. `lengths` are those of a fresh state along the dynamic axes other than `axis`; a state that is not fresh must have
    them too.

    ```
    result = state
    ```

    Constraints:
    - (C1) `state` names a `moe.state`.
    - (C2) the result has the state's type.
    - (C3) there is a length for each dynamic axis of the type but `axis`.

    Example:
    ```mlir
    moe.state @keys : tensor<?x2x?x16xf32> axis 2
    func.func @main(%batch: index) -> tensor<?x2x?x16xf32> {
      %0 = moe.get_state @keys(%batch) : tensor<?x2x?x16xf32>
      return %0 : tensor<?x2x?x16xf32>
    }
    ```

    Lifespan: created by optimize (moe-make-stateful), gone after schedule.
  }];
  let arguments = (ins FlatSymbolRefAttr:$state, Variadic<Index>:$lengths);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$state (`(` $lengths^ `)`)? `:` type($result) attr-dict";
}

def Moe_AppendStateOp : Moe_StateUserOp<"append_state", [MemRead, MemWrite]> {
  let summary = "grows a state";
  let description = [{
    Meaning: puts `value` behind the state along the state's `axis`, in place. What the state was before stays as it is.

    ```
    state = concatenation of state and value along axis
    result = state
    ```

    Constraints:
    - (C1) `state` names a `moe.state` with an `axis`.
    - (C2) the result has the state's type; `value` agrees with it but along `axis`.

    Example:
    ```mlir
    moe.state @keys : tensor<?x2x?x16xf32> axis 2
    func.func @main(%new: tensor<?x2x?x16xf32>) -> tensor<?x2x?x16xf32> {
      %0 = moe.append_state @keys, %new : (tensor<?x2x?x16xf32>) -> tensor<?x2x?x16xf32>
      return %0 : tensor<?x2x?x16xf32>
    }
    ```

    Lifespan: created by optimize (moe-make-stateful), gone after schedule.
  }];
  let arguments = (ins FlatSymbolRefAttr:$state, AnyRankedTensor:$value);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$state `,` $value `:` functional-type($value, $result) attr-dict";
}

def Moe_WriteStateOp : Moe_StateUserOp<"write_state", [MemRead, MemWrite]> {
  let summary = "overwrites a part of a state";
  let description = [{
    Meaning: puts `value` at a position of each batch entry along `axis`, in place; with `circular` what passes the end goes on at the
    beginning. What was read of the state before may change. `lengths` are those of a fresh state, as in `moe.get_state`.

    ```
    state[b, .., (at[b] + i) mod L, ..] = value[b, .., i, ..]          L the length of axis
    result = state
    ```

    Constraints:
    - (C1) `state` names a `moe.state`.
    - (C2) the result has the state's type; `axis` is one of its axes but the first; `value` agrees with it but along `axis`.
    - (C3) there is a length for each dynamic axis of the type but the state's own `axis`.
    - (C4) `at` is [B], B the first length of `value`, or [1].
    - (C5) at run time at[b] >= 0 and n <= L, n the length of `value`; unless `circular`, at[b] + n <= L.

    Example:
    ```mlir
    moe.state @keys : tensor<?x2x?x16xf32> axis 2
    func.func @main(%new: tensor<?x2x?x16xf32>, %at: tensor<?xi64>) -> tensor<?x2x?x16xf32> {
      %c0 = arith.constant 0 : index
      %batch = tensor.dim %new, %c0 : tensor<?x2x?x16xf32>
      %0 = moe.write_state @keys(%batch), %new at %at axis 2 : (tensor<?x2x?x16xf32>, tensor<?xi64>) -> tensor<?x2x?x16xf32>
      return %0 : tensor<?x2x?x16xf32>
    }
    ```

    Lifespan: created by optimize (moe-make-stateful), gone after schedule.
  }];
  let arguments = (ins FlatSymbolRefAttr:$state, Variadic<Index>:$lengths, AnyRankedTensor:$value, Moe_IndexTensor:$at, I64Attr:$axis, UnitAttr:$circular);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = [{
    $state (`(` $lengths^ `)`)? `,` $value `at` $at `axis` $axis (`circular` $circular^)? attr-dict
    `:` `(` type($value) `,` type($at) `)` `->` type($result)
  }];
}

def Moe_SetStateOp : Moe_StateUserOp<"set_state", [MemWrite]> {
  let summary = "replaces a state";
  let description = [{
    Meaning: the state of the next run.

    ```
    state = value
    ```

    Constraints:
    - (C1) `state` names a `moe.state`.
    - (C2) `value` has the state's type.
    - (C3) only other `moe.set_state` and the function's return follow: states are replaced when the run ends.

    Example:
    ```mlir
    moe.state @sum : tensor<4xf32>
    func.func @main(%x: tensor<4xf32>) {
      moe.set_state @sum, %x : tensor<4xf32>
      return
    }
    ```

    Lifespan: created by optimize (moe-make-stateful), gone after schedule.
  }];
  let arguments = (ins FlatSymbolRefAttr:$state, AnyRankedTensor:$value);
  let assemblyFormat = "$state `,` $value `:` type($value) attr-dict";
}

#endif // MOE_DIALECTS_MOE_STATE_OPS
