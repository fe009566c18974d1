//===- RuntimeQuantized.cpp - schemas of ONNX Runtime's operators on weights of few bits ------------------------===//
#include "Signature.h"

namespace moe::schema {
namespace {

using Dims = ShapeContext::Dims;

void matMulNBits(::onnx::InferenceContext &context) {
  ShapeContext shapes(context);
  Dims dims = shapes.dims(0);
  if (dims.empty())
    return;
  dims.back() = ShapeContext::fixed(shapes.integer("N", 0));
  shapes.set(0, 0, dims);
}

void gatherBlockQuantized(::onnx::InferenceContext &context) {
  ShapeContext shapes(context);
  Dims dims = shapes.dims(0);
  int64_t rank = dims.size(), axis = shapes.integer("gather_axis", 0);
  axis = axis < 0 ? axis + rank : axis;
  if (axis < 0 || axis >= rank || shapes.rank(1) < 0)
    return;
  // Bytes hold several elements.
  int64_t bits = shapes.integer("bits", 4);
  if (context.getInputType(0)->tensor_type().elem_type() == ::onnx::TensorProto::UINT8 && bits > 0 && bits < 8)
    dims.back() = dims.back() * (8 / bits);
  Dims indices = shapes.dims(1);
  dims.erase(dims.begin() + axis);
  dims.insert(dims.begin() + axis, indices.begin(), indices.end());
  shapes.set(0, 2, dims);
}

/// numpy's product, with float results.
void integerProduct(::onnx::InferenceContext &context, size_t typeOf) {
  ShapeContext shapes(context);
  Dims a = shapes.dims(0), b = shapes.dims(1);
  if (a.size() < 2 || b.size() < 2)
    return;
  Dims result(std::max(a.size(), b.size()) - 2);
  for (size_t axis = 0; axis < result.size(); ++axis) {
    auto at = [&](const Dims &dims) {
      size_t lead = result.size() + 2 - dims.size();
      return axis < lead ? ShapeContext::fixed(1) : dims[axis - lead];
    };
    ShapeContext::Dim x = at(a), y = at(b);
    result[axis] = x.has_dim_value() && x.dim_value() == 1 ? y : y.has_dim_value() && y.dim_value() == 1 ? x : x.has_dim_value() ? x : y;
  }
  result.push_back(a[a.size() - 2]);
  result.push_back(b.back());
  shapes.set(0, typeOf, result);
}

constexpr const char *kIntegers = "int8 uint8";

} // namespace

void addQuantizedSchemas() {
  define({"MatMulNBits", "T1 A, T2 B, T1 scales, T3? zero_points, T4? g_idx, T1? bias", "T1 Y",
          "K:int!, N:int!, accuracy_level=0, bits=4, block_size:int!, weight_prepacked=0",
          "T1: float float16 bfloat16; T2: uint8; T3: uint8 float16 float bfloat16; T4: int32", matMulNBits});
  define({"GatherBlockQuantized", "T1 data, Tind indices, T2 scales, T1? zero_points", "T2 output",
          "bits=4, block_size=128, gather_axis=0, quantize_axis=1",
          "T1: int4 uint4 uint8 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz float4e2m1; T2: float float16 bfloat16; "
          "Tind: int32 int64",
          gatherBlockQuantized});
  static const std::string integers = std::string("T1: float; T2: ") + kIntegers;
  define({"DynamicQuantizeMatMul", "T1 A, T2 B, T1 b_scale, T2? b_zero_point, T1? bias", "T1 Y", "", integers.c_str(),
          [](auto &context) { integerProduct(context, 0); }});
  static const std::string mixed = std::string("T1: ") + kIntegers + "; T2: " + kIntegers + "; T3: float float16";
  define({"MatMulIntegerToFloat", "T1 A, T2 B, T3 a_scale, T3 b_scale, T1? a_zero_point, T2? b_zero_point, T3? bias", "T3 Y", "", mixed.c_str(),
          [](auto &context) { integerProduct(context, 2); }});
}

} // namespace moe::schema
