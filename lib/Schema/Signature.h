//===- Signature.h - schemas of ONNX Runtime's operators, written as text -----------------------------*- C++ -*-===//
#pragma once

#include "onnx/defs/schema.h"
#include "onnx/defs/shape_inference.h"
#include <optional>

namespace moe::schema {

inline constexpr const char *kMicrosoft = "com.microsoft";

/// One operator, version 1. Lists are separated by commas.
struct Signature {
  const char *name;
  const char *inputs;     ///< "T input, T? bias": a type variable or a type each; "?" marks what may be left out
  const char *outputs;    ///< the same
  const char *attributes; ///< "k=1, epsilon=1.0e-5, mode='none', scale:float, heads:int!": a default, or a kind; "!" marks what is required
  const char *types;      ///< "T: float float16; M: int32"
  ::onnx::InferenceFunction infer;
  const char *domain = kMicrosoft;
};

/// Makes the operator known to ONNX's registry.
void define(const Signature &signature);

/// The shapes that an inference function reads and writes. Unknown lengths have neither a value nor a name.
class ShapeContext {
public:
  using Dim = ::onnx::TensorShapeProto_Dimension;
  using Dims = std::vector<Dim>;

  explicit ShapeContext(::onnx::InferenceContext &context) : context(context) {}

  bool has(size_t input) const { return input < context.getNumInputs() && context.getInputType(input); }
  /// The number of axes; -1 where the input is left out or has no known shape.
  int rank(size_t input) const;
  /// The length of an axis, negative ones from the end; unknown where the input has no such axis.
  Dim dim(size_t input, int axis) const;
  Dims dims(size_t input) const;
  std::optional<int64_t> length(size_t input, int axis) const;

  int64_t integer(const char *name, int64_t absent) const { return ::onnx::getAttribute(context, name, absent); }
  std::string text(const char *name, const char *absent) const { return ::onnx::getAttribute(context, name, std::string(absent)); }

  /// Gives output `output` the element type of an input, or an ONNX element type, and a shape. Outputs that are left out are skipped.
  void set(size_t output, size_t typeOf, const Dims &dims) const;
  void setTyped(size_t output, int32_t element, const Dims &dims) const;
  /// The type and shape of an input.
  void same(size_t output, size_t input) const;

  static Dim fixed(int64_t length);

private:
  ::onnx::InferenceContext &context;
};

/// For operators whose first output is like the first input.
void likeFirstInput(::onnx::InferenceContext &context);

void addActivationSchemas();
void addAttentionSchemas();
void addExpertSchemas();
void addHyperConnectionSchemas();
void addNormSchemas();
void addProductSchemas();
void addQuantizedSchemas();
void addRecurrentSchemas();

} // namespace moe::schema
