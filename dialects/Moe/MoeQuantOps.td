//===- MoeQuantOps.td - weights of few bits -----------------------------------------------------------------------===//
#ifndef MOE_DIALECTS_MOE_QUANT_OPS
#define MOE_DIALECTS_MOE_QUANT_OPS

include "MoeAttrs.td"

def Moe_DequantizeOp : Moe_TensorOp<"dequantize", [AttrSizedOperandSegments]> {
  let summary = "the numbers that packed codes of few bits stand for";
  let description = [{
    Meaning: reads each row of `data`, its last axis, as codes of w bits, the first in the lowest bits of the first byte, and gives
    the numbers that they stand for. `rows` by `block` elements share a scale and a zero point.

    ```
    c[.., n, k]      = bits [w*k, w*k + w) of the bytes data[.., n, :]
    s[.., n, k]      = scales[.., n / rows, k / block] * global[..]
    z[.., n, k]      = zero_points[.., n / rows, k / block]       `zero` where not given
    result[.., n, k] = (value(c[.., n, k]) - z[.., n, k]) * s[.., n, k]
    ```
    `format` says what a code is: `u2`, `u3`, `u4`, `u8` natural numbers, `i2`, `i4`, `i8` two's complement, `f4e2m1`, `f8e4m3` (with
    NaN, without infinity) and `f8e5m2` floats, w the digits' number of bits. `block` 0 is the whole row. Zero points are floats, or
    codes of the same format, packed as `data` is. Codes behind the last element are padding. MXFP4 is `f4e2m1` with blocks of 32 and
    scales of type f8E8M0FNU; NVFP4 is `f4e2m1` with blocks of 16, scales of type f8E4M3FN and a `global` scale.
    Sources: OCP Microscaling Formats 1.0; arXiv:2209.05433 (8-bit floats); ONNX Runtime's MatMulNBits (integers).

    Constraints:
    - (C1) `data` is [.., N, P] of 8-bit elements; the result is [.., N, K] with K static and w * K <= 8 * P.
    - (C2) `rows` is at least 1 and `block` at least 0; `rows` other than 1 needs a rank of at least 2.
    - (C3) `scales` is [.., ceil(N / rows), ceil(K / block)].
    - (C4) `zero_points` are floats of the shape of `scales`, or 8-bit integers with ceil(w * blocks / 8) as last axis.
    - (C5) `zero_points` and `zero` need an integer format; only one of them is given.
    - (C6) the shape of `global` is that of some of the outermost axes of the result, without the last.
    - (C7) `scales`, `zero_points` and `global` are not narrower than 16 bits, but for scales of type f8E8M0FNU and f8E4M3FN.

    Example:
    ```mlir
    func.func @main(%w: tensor<8x128x32xui8>, %s: tensor<8x128x2xf32>) -> tensor<8x128x64xf32> {
      %0 = moe.dequantize %w scales %s {format = #moe.format<u4>, block = 32 : i64, zero = 8 : i64}
         : (tensor<8x128x32xui8>, tensor<8x128x2xf32>) -> tensor<8x128x64xf32>
      return %0 : tensor<8x128x64xf32>
    }
    ```

    Lifespan: created by raise and quantize, gone after schedule.
  }];
  let arguments = (ins AnyRankedTensor:$data, Moe_FloatTensor:$scales, Optional<AnyRankedTensor>:$zero_points,
                       Optional<Moe_FloatTensor>:$global, Moe_FormatAttr:$format, DefaultValuedAttr<I64Attr, "0">:$block,
                       DefaultValuedAttr<I64Attr, "1">:$rows, DefaultValuedAttr<I64Attr, "0">:$zero);
  let results = (outs Moe_FloatTensor:$result);
  let assemblyFormat = [{
    $data `scales` $scales (`zero_points` $zero_points^)? (`global` $global^)? attr-dict `:` functional-type(operands, results)
  }];
  let extraClassDeclaration = [{
    /// Bits of a code.
    int64_t width();
    /// True where codes are integers.
    bool isInteger();
    /// Elements of a row that share a scale: `block`, or the whole row.
    int64_t blockLength();
  }];
}

#endif // MOE_DIALECTS_MOE_QUANT_OPS
