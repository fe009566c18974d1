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
    int64_t width() { return widthOf(getFormat()); }
    /// Elements of a row that share a scale: `block`, or the whole row.
    int64_t blockLength();
  }];
}

def Moe_QuantizeOp : Moe_TensorOp<"quantize"> {
  let summary = "numbers as packed codes of few bits";
  let description = [{
    Meaning: finds codes for which `moe.dequantize` with the same attributes gives numbers close to `weight`. Each `block` elements of a row (0:
    the whole row) have a scale, and by `more` a zero point (integer formats), or a scale of all scales (`global`, float formats).

    ```
    max[.., n, g]    = the element of block g whose magnitude is the largest
    scales[.., n, g] = -max / 2^(w-1)                      integers of w bits; then codes are clamped to [-2^(w-1), 2^(w-1) - 1]
                     = (high - low) / (2^w - 1)            with zero points; low = min(0, block), high = max(0, block)
                     = |max| / largest / global            floats, `largest` being the largest number of the format
                     = 2^(floor(log2 |max|) - floor(log2 largest))       scales of type f8E8M0FNU
    global[..]       = largest |weight[.., :, :]| / largest / 448        1 where not given
    zero[.., n, g]   = round(-low / scales)                with zero points, else `zero`
    data[.., n, k]   = clamp(round(weight / (scales * global)) + zero)   the nearest float for float formats; 0 where the scale is 0
    ```
    Scales are rounded to their type before codes are chosen; ties go to even. With `hessian` each row's codes are chosen to keep its product with
    inputs X, of which H = hessian[..] is the sum of outer products: from k = 0 on, the error of code k is made up for by the weights behind it
    (GPTQ): U the upper Cholesky factor of the inverse of H + damping * mean(diag H) * I,

    ```
    weight[n, j] -= (weight[n, k] - result[n, k]) / U[k, k] * U[k, j]        j > k; a block's scale is chosen when its first code is
    ```
    Inputs that are always 0 (H[k, k] = 0) leave others alone. Sources: OCP Microscaling Formats 1.0; arXiv:2210.17323 (GPTQ).

    Constraints:
    - (C1) `weight` is [.., N, K] with K static; `data` is [.., N, ceil(w * K / 8)] of 8-bit elements.
    - (C2) `scales` is [.., N, ceil(K / block)]; of f8E8M0FNU and f8E4M3FN for float formats only.
    - (C3) `more` is zero points, [.., N, ceil(w * blocks / 8)] of 8-bit elements, for unsigned formats, or `global`, [..], for float formats.
    - (C4) `zero` needs an unsigned format and no zero points.
    - (C5) `hessian` is [.., K, K].
    - (C6) `block` and `damping` are at least 0.

    Example:
    ```mlir
    func.func @main(%w: tensor<8x128x64xf32>) -> (tensor<8x128x32xui8>, tensor<8x128x2xbf16>) {
      %0, %s = moe.quantize %w {format = #moe.format<u4>, block = 32 : i64, zero = 8 : i64}
         : (tensor<8x128x64xf32>) -> (tensor<8x128x32xui8>, tensor<8x128x2xbf16>)
      return %0, %s : tensor<8x128x32xui8>, tensor<8x128x2xbf16>
    }
    ```

    Lifespan: created by quantize; of weights, computed when the artefact is written.
  }];
  let arguments = (ins Moe_FloatTensor:$weight, Optional<Moe_FloatTensor>:$hessian, Moe_FormatAttr:$format,
                       DefaultValuedAttr<I64Attr, "0">:$block, DefaultValuedAttr<I64Attr, "0">:$zero,
                       DefaultValuedAttr<F64Attr, "0.01">:$damping);
  let results = (outs AnyRankedTensor:$data, Moe_FloatTensor:$scales, Optional<AnyRankedTensor>:$more);
  let assemblyFormat = "$weight (`hessian` $hessian^)? attr-dict `:` functional-type(operands, results)";
  let extraClassDeclaration = [{
    /// Elements of a row that share a scale: `block`, or the whole row.
    int64_t blockLength();
    mlir::Value getZeroPoints() { return isInteger(getFormat()) ? getMore() : mlir::Value(); }
    mlir::Value getGlobal() { return isInteger(getFormat()) ? mlir::Value() : getMore(); }
  }];
}

#endif // MOE_DIALECTS_MOE_QUANT_OPS
