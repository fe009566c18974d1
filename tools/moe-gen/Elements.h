//===- Elements.h - floats as bytes of an element type ------------------------------------------------*- C++ -*-===//
#pragma once

#include "onnx/onnx_pb.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/raw_ostream.h"

namespace moe::gen {

/// Bytes of an element of float32, float16 or bfloat16.
inline int64_t widthOf(onnx::TensorProto::DataType type) { return type == onnx::TensorProto::FLOAT ? 4 : 2; }

/// Writes the values in the type, rounded to nearest even.
void writeElements(llvm::raw_ostream &out, onnx::TensorProto::DataType type, llvm::ArrayRef<float> values);

} // namespace moe::gen
