//===- MoeMemoryOps.td - weights ---------------------------------------------------------------------------------===//
#ifndef MOE_DIALECTS_MOE_MEMORY_OPS
#define MOE_DIALECTS_MOE_MEMORY_OPS

include "MoeAttrs.td"

def Moe_ParamOp : Moe_Op<"param", [Symbol, IsolatedFromAbove]> {
  let summary = "a weight of the model, by reference";
  let description = [{
    Meaning: names a constant tensor that is too large for the IR. Its bytes are a range of a file, an attribute, or the value of
    the region `init`, which computes it from other params when the artefact is written.

    ```
    param = file[offset, offset + length)   or   value   or   init()
    ```
    Bytes are in little-endian order, elements in row-major order. `role` says what the weight does in the model, `format` how its numbers
    are stored (both by quantize; of several uses, joined by +).

    Constraints:
    - (C1) exactly one of `file`, `value` and `init` is given.
    - (C2) the shape is static.
    - (C3) `file.length` is the number of bytes of the type; booleans take a byte each, 4-bit elements half a
      byte, the first of two in the low bits.
    - (C4) `value` has the param's type.
    - (C5) `init` yields one value of the param's type.

    Example:
    ```mlir
    moe.param @w : tensor<8x4xf32> file = <"model.onnx.data", 0, 128, "">
    moe.param @wt : tensor<4x8xf32> init {
      %w = moe.get_param @w : tensor<8x4xf32>
      %e = tensor.empty() : tensor<4x8xf32>
      %t = linalg.transpose ins(%w : tensor<8x4xf32>) outs(%e : tensor<4x8xf32>) permutation = [1, 0]
      moe.yield %t : tensor<4x8xf32>
    }
    ```

    Lifespan: created by the import stage and by hoisting; written to the artefact by emit.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<AnyRankedTensor>:$type, OptionalAttr<Moe_FileAttr>:$file,
                       OptionalAttr<ElementsAttr>:$value, OptionalAttr<StrAttr>:$role, OptionalAttr<StrAttr>:$format);
  let regions = (region MaxSizedRegion<1>:$init);
  let assemblyFormat = [{
    $sym_name `:` $type (`file` `=` $file^)? (`value` `=` $value^)? (`role` $role^)? (`format` $format^)? (`init` $init^)? attr-dict
  }];
  let hasVerifier = 1;
}

def Moe_GetParamOp : Moe_Op<"get_param", [Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "the value of a weight";
  let description = [{
    Meaning: the tensor that a `moe.param` names.

    ```
    result = param
    ```

    Constraints:
    - (C1) `param` names a `moe.param`.
    - (C2) the result has the param's type.

    Example:
    ```mlir
    moe.param @scale : tensor<2xf32> value = dense<[1.0, 2.0]> : tensor<2xf32>
    func.func @main() -> tensor<2xf32> {
      %0 = moe.get_param @scale : tensor<2xf32>
      return %0 : tensor<2xf32>
    }
    ```

    Lifespan: created by the import stage, gone after schedule.
  }];
  let arguments = (ins FlatSymbolRefAttr:$param);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$param `:` type($result) attr-dict";
}

def Moe_PackOp : Moe_TensorOp<"pack"> {
  let summary = "a weight matrix in panels";
  let description = [{
    Meaning: lays out matrices for kernels: panels of 16 outputs that are read from start to end. Elements narrower than 32 bits share
    words of g elements along K: g is 4 bytes over the size of an element, at least 1. What lies past N and K is zero.

    ```
    result[..., p, w, c * g + j] = weight[..., 16 * p + c, w * g + j]      0 where 16 * p + c >= N or w * g + j >= K
    ```

    Constraints:
    - (C1) `weight` is [..., N, K] with static N; the result is [..., P, ceil(K / g), 16 * g].
    - (C2) P is ceil(N / 16) rounded up to a multiple of 4.

    Example:
    ```mlir
    func.func @main(%w: tensor<100x64xf32>) -> tensor<8x64x16xf32> {
      %0 = moe.pack %w : tensor<100x64xf32> -> tensor<8x64x16xf32>
      return %0 : tensor<8x64x16xf32>
    }
    ```

    Lifespan: created by schedule; of weights, computed when the artefact is written.
  }];
  let arguments = (ins AnyRankedTensor:$weight);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$weight attr-dict `:` type($weight) `->` type($result)";
  let builders = [OpBuilder<(ins "::mlir::Value":$weight)>];
}

def Moe_UnpackOp : Moe_TensorOp<"unpack"> {
  let summary = "a weight matrix out of panels";
  let description = [{
    Meaning: the inverse of `moe.pack`; the type of the result says N and K.

    ```
    result[..., n, k] = packed[..., n / 16, k / g, (n mod 16) * g + k mod g]
    ```

    Constraints:
    - (C1) `packed` is [..., P, ceil(K / g), 16 * g]; the result is [..., N, K] with static N <= 16 * P, K static where g is not 1.

    Example:
    ```mlir
    func.func @main(%p: tensor<8x64x16xf32>) -> tensor<100x64xf32> {
      %0 = moe.unpack %p : tensor<8x64x16xf32> -> tensor<100x64xf32>
      return %0 : tensor<100x64xf32>
    }
    ```

    Lifespan: stands between a packed weight and the op that uses it, within schedule.
  }];
  let arguments = (ins AnyRankedTensor:$packed);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$packed attr-dict `:` type($packed) `->` type($result)";
}

def Moe_YieldOp : Moe_Op<"yield", [Pure, Terminator, ReturnLike]> {
  let summary = "the values of a region";
  let description = [{
    Meaning: ends a region of a `moe` op and gives its values.

    ```
    (region results) = operands
    ```

    Constraints: none.

    Example: see `moe.param`.

    Lifespan: that of the op that it ends.
  }];
  let arguments = (ins Variadic<AnyType>:$operands);
  let assemblyFormat = "($operands^ `:` type($operands))? attr-dict";
  let builders = [OpBuilder<(ins), [{}]>];
}

#endif // MOE_DIALECTS_MOE_MEMORY_OPS
