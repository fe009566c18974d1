//===- Stages.cpp - the stages of a compilation -----------------------------------------------------------------===//
#include "moe/Pipelines/Stages.h"
#include "Pipelines.h"

using namespace mlir;

namespace moe {

llvm::ArrayRef<StageInfo> stages() {
  static const StageInfo table[] = {
      {Stage::Import, "import", "every node is an onnx.node; files, names, types and attributes have been validated", nullptr, nullptr},
      {Stage::Raise, "raise", "recognised constructs are moe ops", buildRaise, nullptr},
      {Stage::Optimize, "optimize", "as after raise, with equal computations done once and, with --stateful, caches and recurrences as state of the session", buildOptimize, verifyOptimize},
      {Stage::Quantize, "quantize", "weights have the formats of --weights; every weight has a role and a format", buildQuantize, verifyQuantize},
      {Stage::Legalize, "legalize", "no onnx op is left; graphs are tensor, linalg, arith and moe ops", buildLegalize, verifyLegalize},
      {Stage::Schedule, "schedule", "no tensor is left: buffers, kernels and launches", buildSchedule, verifySchedule},
      {Stage::Lower, "lower", "only LLVM ops are left", buildLower, verifyLower},
      {Stage::Emit, "emit", "the artefact is written: digests, reproducible bytes", nullptr, nullptr},
  };
  return table;
}

std::optional<Stage> stageNamed(StringRef name) {
  for (const StageInfo &info : stages())
    if (info.name == name)
      return info.stage;
  return std::nullopt;
}

LogicalResult runStages(ModuleOp module, Stage from, Stage to, const CompileOptions &options) {
  for (const StageInfo &info : stages()) {
    if (info.stage <= from || info.stage > to || !info.build)
      continue;
    options.report(info.name);
    PassManager passes(module.getContext());
    passes.enableVerifier(options.verifyEach);
    if (options.configure && failed(options.configure(passes)))
      return failure();
    info.build(passes, options);
    if (failed(passes.run(module)))
      return failure();
    if (info.verify && failed(info.verify(module)))
      return failure();
  }
  return success();
}

} // namespace moe
