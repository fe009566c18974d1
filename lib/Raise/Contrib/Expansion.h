//===- Expansion.h - what one of ONNX Runtime's operators means, in standard nodes and moe ops --------*- C++ -*-===//
//
// Each operator has one function `LogicalResult expand(Expansion &)`. It reads the node, refuses what it does not implement with fail(),
// builds standard nodes (of any opset; a node carries its version) and moe ops where the node stands, and ends with done().
//
//===------------------------------------------------------------------------------------------------------------===//
#pragma once

#include "../NodeMaker.h"
#include "moe/Dialect/Moe.h"
#include "llvm/ADT/StringMap.h"

namespace moe::raise {

/// "[2, ?]".
std::string shapeText(llvm::ArrayRef<int64_t> lengths);

class Expansion {
public:
  Expansion(onnx::NodeOp node, ShapeAnalysis &shapes) : node(node), make(mlir::OpBuilder(node), node.getLoc(), shapes) {}

  onnx::NodeOp node;
  NodeMaker make;

  //===- reading ------------------------------------------------------------------------------------------------===//

  /// The operand, or null where it is left out.
  mlir::Value in(unsigned index) { return node.input(index); }
  /// True for a result that something uses.
  bool wants(unsigned result);
  static mlir::RankedTensorType typeOf(mlir::Value value) { return llvm::cast<mlir::RankedTensorType>(value.getType()); }
  static mlir::Type elementOf(mlir::Value value) { return typeOf(value).getElementType(); }
  static int64_t rankOf(mlir::Value value) { return typeOf(value).getRank(); }
  /// The length of an axis, negative ones from the end; ShapedType::kDynamic where it is not constant.
  static int64_t length(mlir::Value value, int64_t axis);
  /// The name that the operator's schema gives to an operand.
  std::string nameOf(unsigned index);
  /// The elements of an integer operand, where they are constants.
  std::optional<llvm::SmallVector<int64_t>> constants(mlir::Value value) { return make.shapes.constants(value); }

  //===- refusing -----------------------------------------------------------------------------------------------===//

  mlir::LogicalResult fail(const llvm::Twine &message);
  /// Fails where the operand's shape cannot be `lengths`; kDynamic stands for any length. Operands that are left out pass.
  mlir::LogicalResult needShape(unsigned index, llvm::ArrayRef<int64_t> lengths);
  /// Fails where the operand has another rank than one of `ranks`.
  mlir::LogicalResult needRank(unsigned index, llvm::ArrayRef<int64_t> ranks);
  /// Fails where the length is not a constant that is at least 1.
  mlir::LogicalResult needLength(int64_t length, const llvm::Twine &what);

  //===- building -----------------------------------------------------------------------------------------------===//

  mlir::NamedAttribute attr(llvm::StringRef name, int64_t value) { return make.attr(name, value); }
  mlir::NamedAttribute attr(llvm::StringRef name, llvm::StringRef value);
  mlir::NamedAttribute realAttr(llvm::StringRef name, double value);
  mlir::Value op(llvm::StringRef name, mlir::ValueRange operands, llvm::ArrayRef<mlir::NamedAttribute> attrs = {}, int64_t version = 21) {
    return make.node(name, operands, attrs, version);
  }
  mlir::Value none();
  mlir::Value add(mlir::Value a, mlir::Value b) { return op("Add", {a, b}); }
  mlir::Value sub(mlir::Value a, mlir::Value b) { return op("Sub", {a, b}); }
  mlir::Value mul(mlir::Value a, mlir::Value b) { return op("Mul", {a, b}); }
  mlir::Value div(mlir::Value a, mlir::Value b) { return op("Div", {a, b}); }
  /// x times a number; x itself for 1.
  mlir::Value scaled(mlir::Value x, double factor);
  mlir::Value shifted(mlir::Value x, double summand);
  mlir::Value sigmoid(mlir::Value x) { return op("Sigmoid", x); }
  /// x * sigmoid(alpha * x).
  mlir::Value swish(mlir::Value x, double alpha = 1);
  /// The value with another element type; itself where it has it.
  mlir::Value cast(mlir::Value value, mlir::Type element);
  /// A float of 16 bits widened to 32.
  mlir::Value widened(mlir::Value value);
  mlir::Value reshape(mlir::Value value, llvm::ArrayRef<int64_t> shape) { return make.node("Reshape", {value, make.ints(shape)}); }
  mlir::Value unsqueeze(mlir::Value value, llvm::ArrayRef<int64_t> axes) { return op("Unsqueeze", {value, make.ints(axes)}); }
  mlir::Value concat(mlir::ValueRange parts, int64_t axis);
  /// [begin, end) of an axis; `end` may be huge for the rest.
  mlir::Value slice(mlir::Value value, int64_t axis, int64_t begin, int64_t end, int64_t step = 1);
  /// The sum, mean, maximum ... over axes, which stay with length 1.
  mlir::Value reduce(llvm::StringRef name, mlir::Value value, llvm::ArrayRef<int64_t> axes, bool keep = true);
  /// The lengths of axes [begin, end) as a tensor of rank 1.
  mlir::Value lengths(mlir::Value value, int64_t begin, int64_t end);
  /// The length of an axis, as a tensor of one element; of rank 0 with `scalar`.
  mlir::Value lengthOf(mlir::Value value, int64_t axis, bool scalar = false);
  /// A tensor of one value; `shape` is a tensor of rank 1.
  mlir::Value filled(mlir::Value shape, double value, mlir::Type element);
  /// 0, 1, ... count - 1; `count` is a tensor of rank 0.
  mlir::Value range(mlir::Value count);
  /// [B, S, heads * D] as [B, heads, S, D], and back.
  mlir::Value splitHeads(mlir::Value value, int64_t heads);
  mlir::Value mergeHeads(mlir::Value value);
  /// [..., H] as [T, H], and a [T, H'] back with the outer axes of `like`.
  mlir::Value asRows(mlir::Value value);
  mlir::Value fromRows(mlir::Value rows, mlir::Value like);
  mlir::Value norm(mlir::Value x, mlir::Value scale, mlir::Value bias, NormKind kind, double epsilon);

  /// Replaces the node's results; a null value stands for one that nothing uses. Fails where ONNX's inference refused a new node. The node
  /// itself stays, without uses, as long as the analysis knows its values.
  mlir::LogicalResult done(mlir::ValueRange values);
};

using Expand = mlir::LogicalResult (*)(Expansion &);
using ExpandTable = llvm::StringMap<Expand>; ///< "com.microsoft.MoE", or "SimplifiedLayerNormalization"

/// Adds an operator of com.microsoft.
inline void addMicrosoft(ExpandTable &table, llvm::StringRef name, Expand expand) { table["com.microsoft." + name.str()] = expand; }

void addActivations(ExpandTable &table);
void addAttentions(ExpandTable &table);
void addConvolutions(ExpandTable &table);
void addExpertLayers(ExpandTable &table);
void addGroupQueryAttention(ExpandTable &table);
void addHyperConnections(ExpandTable &table);
void addNorms(ExpandTable &table);
void addProducts(ExpandTable &table);
void addQuantized(ExpandTable &table);
void addQuantizedExperts(ExpandTable &table);
void addRecurrences(ExpandTable &table);
void addRotaries(ExpandTable &table);
void addRouters(ExpandTable &table);

} // namespace moe::raise
