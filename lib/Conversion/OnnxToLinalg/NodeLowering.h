//===- NodeLowering.h - what a lowering of one ONNX operator works with -------------------------------*- C++ -*-===//
//
// Each operator has one function `LogicalResult lower(NodeLowering &)`. It reads legalised operands (ranked tensors of signless
// elements), asks for lengths, builds tensor/linalg/arith ops with `b`, and ends with done(). Lengths are asked for by axis of an ONNX
// value: where the symbolic analysis knows them, equal lengths are one value in the code.
//
//===------------------------------------------------------------------------------------------------------------===//
#pragma once

#include "moe/Analysis/Shapes.h"
#include "moe/Dialect/Onnx.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Matchers.h"

namespace moe {

/// The values and lengths that are known where code is being made. Copied for nested regions.
struct LegalizeScope {
  mlir::IRMapping values;                                             ///< ONNX value -> legalised value
  std::map<std::string, std::pair<mlir::Value, int64_t>> axes;        ///< text of a length -> a legalised value's axis that has it
  std::map<std::string, mlir::Value> computed;                        ///< text of a length -> an index that has it
};

class NodeLowering {
public:
  NodeLowering(onnx::NodeOp node, mlir::OpBuilder builder, const ShapeAnalysis &shapes, LegalizeScope &scope)
      : node(node), b(node.getLoc(), builder), shapes(shapes), scope(scope) {}

  onnx::NodeOp node;
  mlir::ImplicitLocOpBuilder b;
  const ShapeAnalysis &shapes;
  LegalizeScope &scope;

  //===- operands -----------------------------------------------------------------------------------------------===//

  bool has(unsigned index) { return bool(node.input(index)); }
  /// The operand as ONNX sees it, and as it was legalised; null where it is left out.
  mlir::Value onnxInput(unsigned index) { return node.input(index); }
  mlir::Value in(unsigned index);
  /// The operand's element type with its sign, as ONNX sees it.
  mlir::Type element(unsigned index);
  int64_t rank(unsigned index) { return llvm::cast<mlir::RankedTensorType>(in(index).getType()).getRank(); }
  /// The elements of an integer operand, where they are constants.
  std::optional<llvm::SmallVector<int64_t>> ints(unsigned index);
  /// Element `at` of an operand of rank 0 or 1.
  mlir::Value element(unsigned index, int64_t at);
  /// Element `at` of an integer operand of rank 0 or 1, as an index.
  mlir::Value intAt(unsigned index, int64_t at);
  /// The only element of an operand.
  mlir::Value scalar(unsigned index);
  /// The axis that an attribute or index names: negative ones count from the end.
  static int64_t wrap(int64_t axis, int64_t rank) { return axis < 0 ? axis + rank : axis; }
  /// Axes from the attribute `axes` or, in later opsets, from an operand; nullopt where neither is constant or given.
  std::optional<llvm::SmallVector<int64_t>> axes(unsigned operand, int64_t rank);

  //===- results ------------------------------------------------------------------------------------------------===//

  /// The result's type after legalisation; the rank is always known.
  mlir::RankedTensorType type(unsigned result = 0);
  mlir::Type onnxElement(unsigned result = 0);

  //===- lengths ------------------------------------------------------------------------------------------------===//

  /// The length of an axis of an ONNX value (operand or result of any earlier node), as an index value.
  mlir::Value dim(mlir::Value onnxValue, int64_t axis);
  mlir::Value dim(unsigned operand, int64_t axis) { return dim(onnxInput(operand), axis); }
  /// An expression as an index value; null where some part of it has no value yet.
  mlir::Value materialize(const SymExpr &expr);
  /// The lengths of a result where the analysis says them all; empty optional otherwise.
  std::optional<llvm::SmallVector<mlir::OpFoldResult>> resultSizes(unsigned result = 0);
  /// The same, with an axis that the analysis cannot say taken from `fallback`.
  llvm::SmallVector<mlir::OpFoldResult> sizes(mlir::Value legalized);
  /// True where both lengths are proved equal.
  bool sameLength(mlir::Value a, int64_t axisA, mlir::Value b, int64_t axisB);
  const SymExpr *expr(mlir::Value onnxValue, int64_t axis);

  //===- building -----------------------------------------------------------------------------------------------===//

  mlir::Value index(int64_t value) { return mlir::arith::ConstantIndexOp::create(b, value); }
  mlir::Value asValue(mlir::OpFoldResult size);
  mlir::Value empty(llvm::ArrayRef<mlir::OpFoldResult> sizes, mlir::Type element);
  /// A tensor filled with one element.
  mlir::Value filled(llvm::ArrayRef<mlir::OpFoldResult> sizes, mlir::Value element);
  mlir::Value constant(mlir::Type element, double value);
  /// Ends the run with a message that names the node where the condition does not hold.
  void check(mlir::Value condition, const llvm::Twine &rule) { check(b, condition, rule); }
  void check(mlir::OpBuilder &builder, mlir::Value condition, const llvm::Twine &rule);
  /// The place that an element of an index operand names on an axis of `length`: negative ones count from the end, what is out of range
  /// ends the run with an error.
  mlir::Value place(mlir::ImplicitLocOpBuilder &inner, mlir::Value element, mlir::Value length);
  /// A tensor<sizes> of `element`s whose element at an index is what `body` returns for it. `reads` tensors may be read at any index.
  mlir::Value generate(llvm::ArrayRef<mlir::OpFoldResult> sizes, mlir::Type element,
                       llvm::function_ref<mlir::Value(mlir::OpBuilder &, mlir::Location, mlir::ValueRange)> body);
  /// Elementwise over ONNX operands with numpy's broadcasting; `body` gets scalars.
  mlir::Value elementwise(mlir::ValueRange onnxOperands, mlir::Type element,
                          llvm::function_ref<mlir::Value(mlir::ImplicitLocOpBuilder &, mlir::ValueRange)> body);
  /// A view of `value` with other lengths and the same elements in row-major order.
  mlir::Value reshape(mlir::Value value, llvm::ArrayRef<mlir::OpFoldResult> sizes);
  /// `value` with the type `type`, which may say more or less of the shape.
  mlir::Value cast(mlir::Value value, mlir::RankedTensorType type);

  //===- the end ------------------------------------------------------------------------------------------------===//

  mlir::LogicalResult done(mlir::ValueRange results);
  mlir::LogicalResult done(mlir::Value result) { return done(mlir::ValueRange(result)); }
  mlir::LogicalResult fail(const llvm::Twine &message);
};

using Lowering = mlir::LogicalResult (*)(NodeLowering &);
using LoweringTable = llvm::StringMap<Lowering>; ///< "Gather", or "com.microsoft.MoE"

/// Element type after legalisation: integers lose their sign.
mlir::Type signless(mlir::Type element);

/// Lowers the ops of a block in order into where `builder` stands. Stops before the terminator.
mlir::LogicalResult legalizeBlock(mlir::Block &block, mlir::OpBuilder &builder, const ShapeAnalysis &shapes, LegalizeScope &scope);
/// Makes an ONNX value's legalised form known, with its lengths.
void bindValue(mlir::Value onnxValue, mlir::Value legalized, const ShapeAnalysis &shapes, LegalizeScope &scope);

void addElementwise(LoweringTable &table);
void addLayout(LoweringTable &table);
void addGather(LoweringTable &table);
void addScan(LoweringTable &table);
void addScatter(LoweringTable &table);
void addReduce(LoweringTable &table);
void addProduct(LoweringTable &table);
void addEinsum(LoweringTable &table);
void addCumulate(LoweringTable &table);
void addConv(LoweringTable &table);
void addSort(LoweringTable &table);
void addChoose(LoweringTable &table);
void addQuantize(LoweringTable &table);
void addPool(LoweringTable &table);
void addControl(LoweringTable &table);
void addCreate(LoweringTable &table);

} // namespace moe
