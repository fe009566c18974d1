//===- Recurrence.cpp - one step of a loop as expressions -------------------------------------------------------===//
#include "Recurrence.h"

using namespace mlir;

namespace moe::raise {
namespace {

class Reader {
public:
  Reader(View &view, onnx::NodeOp scan) : view(view), scan(scan), body(scan.getBodies().front().front()) {}

  std::optional<Recurrence> run() {
    unsigned sequences = scan.intAttribute("num_scan_inputs", 0), states = scan.getNumOperands() - sequences;
    if (scan.getVersion() < 9 || sequences == 0 || states == 0 || body.getNumArguments() != scan.getNumOperands())
      return std::nullopt;
    for (StringRef name : {"scan_input_axes", "scan_output_axes", "scan_input_directions", "scan_output_directions"})
      if (auto values = scan.intsAttribute(name); values && !llvm::all_of(*values, [](int64_t value) { return value == 0; }))
        return std::nullopt;
    ValueRange yields = body.getTerminator()->getOperands();
    result.steps = view.extent(scan.getOperand(states), 0);
    result.time = view.pool.digit(result.steps);
    result.sequence = scan.getOperand(states);
    for (unsigned i = 0; i < states; ++i) {
      auto type = dyn_cast<RankedTensorType>(yields[i].getType());
      if (!type || !isa<FloatType>(type.getElementType()))
        return std::nullopt;
      result.states.push_back({scan.getOperand(i), body.getArgument(i), yields[i], {}, nullptr});
      result.finals.push_back(scan.getResult(i));
    }
    for (Recurrence::State &state : result.states)
      state.next = element(state.after, state.digits, true);
    for (unsigned i = states; i < yields.size(); ++i) {
      if (!isa<RankedTensorType>(yields[i].getType()))
        return std::nullopt;
      result.outputs.push_back({scan.getResult(i), {}, nullptr});
      result.outputs.back().element = element(yields[i], result.outputs.back().digits, false);
    }
    return std::move(result);
  }

private:
  /// The element of a value of the body, followed up to the states and to what comes from outside.
  E element(Value value, std::vector<E> &digits, bool isNext) {
    E expr = view.at(value, digits);
    if (isNext)
      if (E first = inBody(value) ? view.step(expr, Follow::All) : nullptr)
        expr = first;
    expr = view.openWhere(expr, [&](Value each) {
      return inBody(each) && llvm::none_of(result.states, [&](const Recurrence::State &state) { return state.after == each; });
    });
    std::map<E, E> whole;
    ExprPool::walk(expr, [&](E part) {
      auto argument = part->is(Kind::Load) ? dyn_cast<BlockArgument>(part->value) : BlockArgument();
      if (!argument || argument.getOwner() != &body || argument.getArgNumber() < result.states.size())
        return;
      std::vector<E> at = {result.time};
      at.insert(at.end(), part->args.begin(), part->args.end());
      whole[part] = view.pool.load(scan.getOperand(argument.getArgNumber()), at);
    });
    return view.pool.substitute(expr, whole);
  }

  bool inBody(Value value) { return value.getDefiningOp() && value.getParentBlock() == &body; }

  View &view;
  onnx::NodeOp scan;
  Block &body;
  Recurrence result;
};

} // namespace

std::optional<Recurrence> recurrenceOf(View &view, onnx::NodeOp scan) {
  if (!scan.is("Scan") || scan.getBodies().size() != 1)
    return std::nullopt;
  return Reader(view, scan).run();
}

} // namespace moe::raise
