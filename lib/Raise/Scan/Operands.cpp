//===- Operands.cpp - a moe.scan from its operands --------------------------------------------------------------===//
#include "Operands.h"

using namespace mlir;

namespace moe::raise {

ScanOp makeScan(NodeMaker &make, const ScanOperands &parts, Type element, Type state) {
  auto length = [](Value value, int64_t axis) {
    ArrayRef<int64_t> shape = cast<RankedTensorType>(value.getType()).getShape();
    return shape[axis < 0 ? axis + shape.size() : axis];
  };
  constexpr int64_t any = ShapedType::kDynamic;
  int64_t batch = length(parts.v, 0), heads = length(parts.v, 2), keys = length(parts.k ? parts.k : parts.v, 3), values = length(parts.v, -1);
  int64_t updates = length(parts.v, 1), tokens = parts.q ? length(parts.q, 1) : updates == any ? any : updates / parts.updates;
  int64_t queries = parts.q ? length(parts.q, 2) : heads, outer = heads == any || queries == any ? any : std::max(heads, queries);
  SmallVector<int64_t> result = parts.q ? SmallVector<int64_t>{batch, tokens, outer, values} : SmallVector<int64_t>{batch, tokens, heads, keys, values};
  SmallVector<Type> types = {RankedTensorType::get(result, element), RankedTensorType::get({batch, heads, keys, values}, state)};
  if (parts.normalized) {
    bool wide = llvm::any_of(ArrayRef<Value>{parts.decay, parts.rate, parts.gate, parts.bonus}, [&](Value gate) { return gate && length(gate, -1) != 1; });
    types.push_back(RankedTensorType::get({batch, heads, keys, wide ? values : 1}, state));
    types.push_back(RankedTensorType::get({batch, heads, 1, wide ? values : 1}, state));
  }
  IntegerAttr chunk = parts.chunk ? make.b.getI64IntegerAttr(*parts.chunk) : IntegerAttr();
  return make.known(ScanOp::create(make.b, make.loc, types, parts.v, parts.k, parts.q, parts.decay, parts.rate, parts.a, parts.b, parts.gate, parts.bonus,
                                   parts.states, make.b.getF64FloatAttr(parts.scale), parts.exclusive ? make.b.getUnitAttr() : UnitAttr(),
                                   parts.normalized ? make.b.getUnitAttr() : UnitAttr(), make.b.getF64FloatAttr(parts.floor),
                                   make.b.getF64FloatAttr(parts.epsilon), make.b.getI64IntegerAttr(parts.updates), chunk));
}

} // namespace moe::raise
