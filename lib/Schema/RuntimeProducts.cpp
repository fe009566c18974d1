//===- RuntimeProducts.cpp - schemas of ONNX Runtime's matrix products and convolutions -------------------------===//
#include "Signature.h"

namespace moe::schema {
namespace {

using Dims = ShapeContext::Dims;

/// The axes of an operand of FusedMatMul after its transposes: first the batch axes move, then the last two exchange.
Dims operand(const ShapeContext &shapes, size_t input, bool exchange, bool batch) {
  Dims dims = shapes.dims(input);
  if (dims.size() < 2)
    return dims;
  if (batch) // (d0, d1, .., dn-2, dn-1) becomes (d1, .., dn-2, d0, dn-1)
    std::rotate(dims.begin(), dims.begin() + 1, dims.end() - 1);
  if (exchange)
    std::swap(dims[dims.size() - 1], dims[dims.size() - 2]);
  return dims;
}

void fusedMatMul(::onnx::InferenceContext &context) {
  ShapeContext shapes(context);
  auto flag = [&](const char *name) { return shapes.integer(name, 0) != 0; };
  Dims a = operand(shapes, 0, flag("transA"), flag("transBatchA")), b = operand(shapes, 1, flag("transB"), flag("transBatchB"));
  if (a.empty() || b.empty())
    return;
  ShapeContext::Dim rows, columns;
  bool hasRows = a.size() > 1, hasColumns = b.size() > 1;
  if (hasRows)
    rows = a[a.size() - 2];
  if (hasColumns)
    columns = b.back();
  a.resize(a.size() - std::min<size_t>(a.size(), 2));
  b.resize(b.size() - std::min<size_t>(b.size(), 2));
  if (a.size() < b.size())
    std::swap(a, b);
  for (size_t axis = 0; axis < b.size(); ++axis) { // the longer of two lengths, where they are known
    auto &into = a[a.size() - b.size() + axis];
    if (into.has_dim_value() && into.dim_value() == 1)
      into = b[axis];
    else if (!into.has_dim_value() && !(b[axis].has_dim_value() && b[axis].dim_value() == 1) &&
             (b[axis].has_dim_value() || b[axis].dim_param() != into.dim_param()))
      into = b[axis].has_dim_value() ? b[axis] : ShapeContext::Dim();
  }
  if (hasRows)
    a.push_back(rows);
  if (hasColumns)
    a.push_back(columns);
  shapes.set(0, 0, a);
}

void gemm(::onnx::InferenceContext &context) {
  ShapeContext shapes(context);
  if (shapes.rank(0) == 2 && shapes.rank(1) == 2)
    shapes.set(0, 0, {shapes.dim(0, shapes.integer("transA", 0) ? 1 : 0), shapes.dim(1, shapes.integer("transB", 0) ? 0 : 1)});
}

/// (.., K) by (K, N).
void gemmFastGelu(::onnx::InferenceContext &context) {
  ShapeContext shapes(context);
  if (shapes.rank(0) < 1 || shapes.rank(1) != 2)
    return;
  Dims dims = shapes.dims(0);
  dims.back() = shapes.dim(1, 1);
  shapes.set(0, 0, dims);
}

void conv(::onnx::InferenceContext &context) { ::onnx::convPoolShapeInference(context, true, false, 0, 1); }

constexpr const char *kFloats = "T: float16 float double bfloat16",
                     *kTransposes = "alpha=1.0, transA=0, transB=0, transBatchA=0, transBatchB=0";

} // namespace

void addProductSchemas() {
  define({"FusedMatMul", "T A, T B", "T Y", kTransposes, kFloats, fusedMatMul});
  define({"TransposeMatMul", "T A, T B", "T Y", "alpha=1.0, transA=0, transB=0", kFloats, fusedMatMul});
  static const std::string activated = std::string(kTransposes) + ", activation:string!, activation_alpha:float, activation_axis:int, "
                                                                  "activation_beta:float, activation_gamma:float";
  define({"FusedMatMulActivation", "T A, T B", "T Y", activated.c_str(), kFloats, fusedMatMul});
  define({"FusedGemm", "T A, T B, T? C", "T Y",
          "activation:string, activation_alpha:float, activation_beta:float, activation_gamma:float, alpha=1.0, beta=1.0, transA=0, transB=0",
          "T: float16 float double", gemm});
  define({"GemmFastGelu", "T X, T W, T? bias", "T Y", "", "T: float float16 bfloat16", gemmFastGelu});
  define({"FusedConv", "T X, T W, T? B, T? Z", "T Y",
          "activation:string, activation_params:floats, auto_pad='NOTSET', dilations:ints, group=1, kernel_shape:ints, pads:ints, strides:ints",
          "T: float16 float double", conv});
}

} // namespace moe::schema
