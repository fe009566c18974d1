//===- Compiler.cpp - from ops to steps -------------------------------------------------------------------------===//
#include "Compiler.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace moe::reference {

const Rules &rules() {
  static const Rules *table = [] {
    auto *made = new Rules;
    for (auto add : {addArith, addMath, addTensor, addLinalg, addControl, addCheck, addMemory, addState, addRouting, addExperts, addAttention, addScan, addDequantize,
                     addQuantize})
      add(*made);
    return made;
  }();
  return *table;
}

Step Compiler::fail(Operation *op, const Twine &message) {
  machine.fail(op, message);
  return nullptr;
}

Slot Compiler::define(Value value) {
  Slot slot;
  if (isa<RankedTensorType>(value.getType()))
    slot = {true, program.tensors++};
  else
    slot = {false, scope ? ~program.lanes++ : program.scalars++};
  slots[value] = slot;
  return slot;
}

Slot Compiler::slot(Value value) {
  Slot found = slots.lookup(value);
  if (!scope || found.isTensor || scope->body->isAncestor(value.getParentRegion()))
    return found;
  auto [copy, isNew] = scope->copies.try_emplace(value, ~program.lanes);
  if (isNew) {
    ++program.lanes;
    scope->captured.push_back({found.index, copy->second});
  }
  return {false, copy->second};
}

Operation *Compiler::lastReader(Value value) {
  Block *home = value.getParentBlock();
  Operation *last = nullptr;
  for (Operation *user : value.getUsers())
    if (Operation *above = home->findAncestorOpInBlock(*user); !last || last->isBeforeInBlock(above))
      last = above;
  return last;
}

bool Compiler::mayTake(Value value, Operation *op) {
  if (value.getParentBlock() != op->getBlock() || lastReader(value) != op)
    return false;
  Block *home = op->getBlock();
  return llvm::count_if(value.getUses(), [&](OpOperand &use) { return home->findAncestorOpInBlock(*use.getOwner()) == op; }) == 1 &&
         llvm::is_contained(op->getOperands(), value);
}

SmallVector<Move> Compiler::moves(ValueRange from, ArrayRef<Slot> to, Operation *reader) {
  SmallVector<Move> result;
  for (auto [value, target] : llvm::zip_equal(from, to))
    result.push_back({slot(value), target, mayTake(value, reader)});
  return result;
}

void moveAll(ArrayRef<Move> moves, Frame &frame) {
  SmallVector<Tensor, 4> tensors;
  SmallVector<Scalar, 8> scalars;
  for (const Move &move : moves)
    if (move.from.isTensor)
      tensors.push_back(move.last ? std::move(frame.tensors[move.from.index]) : frame.tensors[move.from.index]);
    else
      scalars.push_back(*frame.at(move.from.index));
  auto *tensor = tensors.begin();
  auto *scalar = scalars.begin();
  for (const Move &move : moves)
    if (move.from.isTensor)
      frame.tensors[move.to.index] = std::move(*tensor++);
    else
      *frame.at(move.to.index) = *scalar++;
}

/// True for what a slot can hold.
static bool supported(Type type) {
  return isa<ShapedType>(type) ? isa<RankedTensorType>(type) && Tensor::supports(getElementTypeOrSelf(type)) : Tensor::supports(type);
}

/// The slots of the tensors of this block that nobody reads after `op`.
SmallVector<int> Compiler::released(Operation &op) {
  llvm::SetVector<Value> used(op.operand_begin(), op.operand_end());
  getUsedValuesDefinedAbove(op.getRegions(), used);
  used.insert(op.result_begin(), op.result_end());
  SmallVector<int> result;
  for (Value value : used)
    if (isa<RankedTensorType>(value.getType()) && value.getParentBlock() == op.getBlock() && (value.use_empty() || lastReader(value) == &op))
      result.push_back(slots.lookup(value).index);
  return result;
}

bool Compiler::block(Block &block, Steps &steps) {
  for (Operation &op : block.without_terminator()) {
    auto rule = rules().find(op.getName().getStringRef());
    if (rule == rules().end())
      return bool(fail(&op, "the interpreter has no rule for this op"));
    for (Type type : llvm::concat<const Type>(llvm::to_vector(op.getOperandTypes()), llvm::to_vector(op.getResultTypes())))
      if (!supported(type))
        return bool(fail(&op, "the interpreter has no values of type " + llvm::formatv("{0}", type)));
    Step step = rule->second(*this, &op);
    if (!step)
      return false;
    steps.push_back(std::move(step));
    // Memory stays bounded, and the next writer finds storage that nobody shares.
    if (SmallVector<int> dead = released(op); !dead.empty())
      steps.push_back([dead](Frame &frame) {
        for (int index : dead)
          frame.tensors[index] = Tensor();
        return true;
      });
  }
  return true;
}

bool compile(Machine &machine, Block &block, Program &program) {
  Compiler compiler(machine, program);
  for (BlockArgument argument : block.getArguments()) {
    if (!supported(argument.getType()))
      return machine.fail(argument.getLoc(), "the interpreter has no values of type " + llvm::formatv("{0}", argument.getType()));
    program.arguments.push_back(compiler.define(argument));
  }
  if (!compiler.block(block, program.steps))
    return false;
  for (Value value : block.getTerminator()->getOperands()) {
    program.results.push_back(compiler.slot(value));
    program.resultTypes.push_back(value.getType());
  }
  return true;
}

} // namespace moe::reference
