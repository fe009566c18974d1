//===- WeightUses.cpp - what weights are for --------------------------------------------------------------------===//
#include "moe/Analysis/WeightUses.h"
#include "moe/Dialect/Moe.h"
#include "moe/Dialect/Onnx.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace moe {

ArrayRef<llvm::StringLiteral> roleNames() {
  static constexpr llvm::StringLiteral names[] = {"router", "attention", "gate_up", "down", "shared", "embedding", "head"};
  return names;
}

SmallVector<StringRef> paramsOf(Value value) {
  SmallVector<StringRef> result;
  SetVector<Value> seen;
  seen.insert(value);
  for (size_t i = 0; i < seen.size(); ++i) {
    Operation *op = seen[i].getDefiningOp();
    if (!op || op->getNumRegions() || !isMemoryEffectFree(op))
      return {};
    if (auto param = dyn_cast<GetParamOp>(op))
      result.push_back(param.getParam());
    else
      seen.insert(op->operand_begin(), op->operand_end());
  }
  return result;
}

namespace {

/// Operators that move elements and leave them as they are.
bool isView(Operation *op) {
  static const llvm::StringSet<> names = {"Reshape", "Squeeze", "Unsqueeze", "Flatten", "Transpose", "Slice", "Split", "Cast", "Identity", "Expand"};
  auto node = dyn_cast<onnx::NodeOp>(op);
  return node && node.getDomain().empty() && names.contains(node.getOpType());
}

/// Operators whose result's elements each come from one element of each operand.
bool isElementwise(Operation *op) {
  static const llvm::StringSet<> names = {"Add", "Sub", "Mul", "Div", "Pow", "Sqrt", "Neg", "Abs", "Exp", "Erf", "Clip", "Where", "Min", "Max",
                                          "Relu", "LeakyRelu", "Elu", "Celu", "Gelu", "Sigmoid", "HardSigmoid", "HardSwish", "Swish", "Mish", "Softplus", "Tanh"};
  auto node = dyn_cast<onnx::NodeOp>(op);
  return node && node.getDomain().empty() && names.contains(node.getOpType());
}

Value withoutViews(Value value) {
  while (value.getDefiningOp() && isView(value.getDefiningOp()))
    value = value.getDefiningOp()->getOperand(0);
  return value;
}

class Uses {
public:
  explicit Uses(func::FuncOp function) : function(function) {}

  std::vector<WeightUse> find() {
    function.walk([&](LinearOp op) { linears.insert(op); });
    function.walk([&](RouteOp op) { markRouters(op); });
    function.walk([&](ExpertsOp op) { expertInputs.insert(withoutViews(op.getX())); });
    for (LinearOp linear : linears)
      markFeedForward(linear);
    function.walk([&](Operation *op) { visit(op); });
    return std::move(result);
  }

private:
  void visit(Operation *op) {
    llvm::TypeSwitch<Operation *>(op)
        .Case([&](LinearOp linear) { add(linear.getWeightMutable(), roleOf(linear)); })
        .Case([&](ExpertsOp experts) {
          for (OpOperand &gate : experts.getGateMutable())
            add(gate, Role::GateUp);
          add(experts.getUpMutable(), Role::GateUp);
          add(experts.getDownMutable(), Role::Down);
        })
        .Case([&](onnx::NodeOp node) {
          auto table = node.is("Gather") ? dyn_cast<RankedTensorType>(node.getOperand(0).getType()) : RankedTensorType();
          if (table && table.getRank() == 2 && table.hasStaticShape() && isa<FloatType>(table.getElementType()) && node.intAttribute("axis", 0) == 0 &&
              entersLayers(node.getResult(0)))
            add(node->getOpOperand(0), Role::Embedding);
        });
  }

  void add(OpOperand &operand, Role role) {
    if (!paramsOf(operand.get()).empty())
      result.push_back({&operand, role});
  }

  Role roleOf(LinearOp linear) {
    if (auto known = roles.find(linear); known != roles.end())
      return known->second;
    if (cast<RankedTensorType>(linear.getType()).getShape().back() == 1) // a factor of a whole row: how much a shared expert counts
      return Role::Router;
    return onlyReturned(linear) ? Role::Head : Role::Attention;
  }

  /// The values from which `value` is computed element by element, constants and weights left out. `changed`: not by views alone.
  SmallVector<Value> leaves(Value value, bool &changed) {
    SmallVector<Value> found;
    SetVector<Value> seen;
    seen.insert(value);
    for (size_t i = 0; i < seen.size(); ++i) {
      Operation *op = seen[i].getDefiningOp();
      if (op && isView(op)) {
        seen.insert(op->getOperand(0));
      } else if (op && isElementwise(op)) {
        changed = true;
        seen.insert(op->operand_begin(), op->operand_end());
      } else if (!op || !(op->hasTrait<OpTrait::ConstantLike>() || isa<GetParamOp>(op))) {
        found.push_back(seen[i]);
      }
    }
    return found;
  }

  void markRouters(RouteOp route) {
    bool changed = false;
    for (Value leaf : leaves(route.getLogits(), changed))
      if (auto linear = leaf.getDefiningOp<LinearOp>())
        roles[linear] = Role::Router;
  }

  /// A projection of what is computed element by element from other projections of one input is the last one of a feed-forward network.
  void markFeedForward(LinearOp down) {
    bool changed = false;
    SmallVector<LinearOp> first;
    for (Value leaf : leaves(down.getInput(), changed)) {
      auto linear = leaf.getDefiningOp<LinearOp>();
      if (!linear || (!first.empty() && withoutViews(linear.getInput()) != withoutViews(first.front().getInput())))
        return;
      first.push_back(linear);
    }
    if (first.empty() || !changed)
      return;
    bool shared = expertInputs.contains(withoutViews(first.front().getInput()));
    roles[down] = shared ? Role::Shared : Role::Down;
    for (LinearOp linear : first)
      roles[linear] = shared ? Role::Shared : Role::GateUp;
  }

  /// True where no other layer reads what is computed from the result.
  static bool onlyReturned(LinearOp linear) {
    static const llvm::StringSet<> layers = {"MatMul", "Gemm", "Conv", "Einsum", "Attention", "Loop", "Scan", "LSTM", "GRU", "RNN", "If"};
    SetVector<Operation *> seen(linear->user_begin(), linear->user_end());
    for (size_t i = 0; i < seen.size(); ++i) {
      auto node = dyn_cast<onnx::NodeOp>(seen[i]);
      if ((node && (layers.contains(node.getOpType()) || !node.getDomain().empty())) || (isa_and_nonnull<MoeDialect>(seen[i]->getDialect()) && !isa<NormOp>(seen[i])))
        return false;
      seen.insert(seen[i]->user_begin(), seen[i]->user_end());
    }
    return true;
  }

  /// True where rows of a table become, element by element, what layers read: not angles, which factors of queries are.
  static bool entersLayers(Value rows) {
    SetVector<Value> seen;
    seen.insert(rows);
    for (size_t i = 0; i < seen.size(); ++i)
      for (Operation *user : seen[i].getUsers()) {
        if (isa<NormOp, LinearOp, ExpertsOp, CausalConvOp>(user))
          return user->getOperand(0) == seen[i];
        if (isView(user) || isElementwise(user))
          seen.insert(user->result_begin(), user->result_end());
      }
    return false;
  }

  func::FuncOp function;
  SetVector<LinearOp> linears;
  DenseMap<Operation *, Role> roles;
  DenseSet<Value> expertInputs;
  std::vector<WeightUse> result;
};

} // namespace

std::vector<WeightUse> weightUses(func::FuncOp function) { return Uses(function).find(); }

} // namespace moe
