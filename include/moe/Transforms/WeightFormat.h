//===- WeightFormat.h - how weights are stored ----------------------------------------------------------*- C++ -*-===//
#pragma once

#include "moe/Analysis/WeightUses.h"
#include "moe/Dialect/Moe.h"
#include "llvm/Support/Error.h"
#include <map>

namespace moe {

/// A format of weights as --weights names it.
struct WeightFormat {
  enum Kind { Keep, BF16, F16, F8E4M3, Int8, Int4, MXFP4, NVFP4 } kind = Keep;
  int64_t block = 32;      ///< int4: weights of a row that share a scale
  bool zeroPoints = false; ///< int4: and a zero point

  /// keep, bf16, f16, f8e4m3, int8, int4[:BLOCK[:zp]], mxfp4 or nvfp4; an error names these.
  static llvm::Expected<WeightFormat> parse(llvm::StringRef text);
  std::string name() const;
  /// True where codes and scales take the numbers' place.
  bool isCoded() const { return kind >= F8E4M3; }
};

/// The formats of all roles. What is not chosen keeps its own; routers do unless they are named.
class WeightFormats {
public:
  /// A comma list of FORMAT and ROLE=FORMAT, the last word on a role being the one that counts.
  static llvm::Expected<WeightFormats> parse(llvm::StringRef text);
  WeightFormat of(Role role) const;

private:
  WeightFormat all;
  std::map<Role, WeightFormat> byRole;
};

/// Codes of a matrix [.., N, K] where `b` stands: moe.quantize to the coded format.
QuantizeOp quantize(mlir::OpBuilder &b, mlir::Location loc, mlir::Value weight, const WeightFormat &format, mlir::Value hessian = {});

} // namespace moe
