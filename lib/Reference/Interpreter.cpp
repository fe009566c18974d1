//===- Interpreter.cpp - runs of a module's functions -----------------------------------------------------------===//
#include "moe/Reference/Interpreter.h"
#include "Evaluation.h"
#include "moe/Conversion/Passes.h"
#include "moe/Dialect/Onnx.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Threading.h"

using namespace mlir;

namespace moe {

using reference::Machine;

char InterpreterError::ID;

struct Interpreter::State {
  State(ModuleOp source, const InterpreterLimits &limits) : source(source), limits(limits) {}

  /// Fails where the module's ONNX operators cannot be legalised.
  llvm::Error prepare() {
    if (machine)
      return llvm::Error::success();
    bool hasNodes = source.walk([](onnx::NodeOp) { return WalkResult::interrupt(); }).wasInterrupted();
    if (hasNodes) {
      legal = source.clone();
      if (llvm::Error error = legalize(*legal)) {
        legal = {};
        return error;
      }
    }
    machine.emplace(hasNodes ? *legal : source, limits);
    return llvm::Error::success();
  }

  static llvm::Error legalize(ModuleOp module) {
    std::optional<std::pair<Location, std::string>> reason;
    ScopedDiagnosticHandler handler(module.getContext(), [&, thread = llvm::get_threadid()](Diagnostic &diagnostic) {
      bool taken = diagnostic.getSeverity() == DiagnosticSeverity::Error && llvm::get_threadid() == thread;
      if (taken && !reason)
        reason.emplace(diagnostic.getLocation(), diagnostic.str());
      return success(taken);
    });
    PassManager passes(module.getContext());
    passes.addPass(createLegalizeOnnx());
    if (succeeded(passes.run(module)))
      return llvm::Error::success();
    return reason ? llvm::make_error<InterpreterError>(reason->first, reason->second)
                  : llvm::make_error<InterpreterError>(module.getLoc(), "moe-legalize-onnx fails");
  }

  ModuleOp source;
  InterpreterLimits limits;
  OwningOpRef<ModuleOp> legal;
  std::optional<Machine> machine;
};

Interpreter::Interpreter(ModuleOp module, const InterpreterLimits &limits) : state(std::make_unique<State>(module, limits)) {}
Interpreter::~Interpreter() = default;

/// The input with the argument's element type: legalised functions have lost the signs of integers. Otherwise why it does not fit.
static std::string convert(Tensor &input, Type type) {
  Type element = getElementTypeOrSelf(type), given = input.elementType();
  bool sameBits = isa<IntegerType>(given) && isa<IntegerType>(element) && given.getIntOrFloatBitWidth() == element.getIntOrFloatBitWidth();
  auto shaped = dyn_cast<RankedTensorType>(type);
  if (failed(verifyCompatibleShape(shaped ? shaped.getShape() : ArrayRef<int64_t>(), input.shape())))
    return "has the lengths " + reference::describe(input.shape()) + ", not those of the argument, " + llvm::formatv("{0}", type).str();
  if (given != element && !sameBits)
    return llvm::formatv("has elements of type {0}, the argument is {1}", given, type);
  input = input.as(element);
  return "";
}

llvm::Expected<std::vector<Tensor>> Interpreter::run(StringRef name, ArrayRef<Tensor> inputs) {
  if (llvm::Error error = state->prepare())
    return error;
  Machine &machine = *state->machine;
  auto refuse = [&](Location location, const Twine &message) {
    return llvm::make_error<InterpreterError>(location, ("func.func @" + name + ": " + message).str());
  };
  auto function = machine.symbols.lookup<func::FuncOp>(name);
  if (!function)
    return refuse(machine.module.getLoc(), "there is no such function");
  if (inputs.size() != function.getNumArguments())
    return refuse(function.getLoc(), "takes " + Twine(function.getNumArguments()) + " inputs, not " + Twine(inputs.size()));
  std::vector<Tensor> arguments(inputs.begin(), inputs.end());
  for (auto [number, argument] : llvm::enumerate(arguments))
    if (std::string problem = convert(argument, function.getArgumentTypes()[number]); !problem.empty())
      return refuse(function.getLoc(), "input " + Twine(number) + " " + problem);
  machine.refill();
  const reference::Program *program = machine.program(function);
  auto results = program ? machine.call(*program, arguments, function) : std::nullopt;
  if (!results)
    return machine.takeError();
  for (auto [number, result] : llvm::enumerate(*results))
    if (auto type = function.getResultAttrOfType<TypeAttr>(number, onnx::kTypeAttr))
      result = result.as(getElementTypeOrSelf(type.getValue()));
  return std::move(*results);
}

llvm::Expected<Tensor> Interpreter::param(StringRef name) {
  if (llvm::Error error = state->prepare())
    return error;
  Machine &machine = *state->machine;
  machine.refill();
  const Tensor *value = machine.param(name, machine.module);
  if (!value)
    return machine.takeError();
  return *value;
}

} // namespace moe
