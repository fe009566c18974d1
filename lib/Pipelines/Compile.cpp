//===- Compile.cpp - from a file to an artefact -----------------------------------------------------------------===//
#include "moe/Pipelines/Compile.h"
#include "moe/Artefact/Writer.h"
#include "moe/Export/Onnx.h"
#include "moe/Import/Onnx.h"
#include "moe/Pipelines/Explain.h"
#include "moe/Target/Target.h"
#include "moe/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Support/FileUtilities.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/ToolOutputFile.h"

using namespace mlir;

namespace moe {

static OwningOpRef<ModuleOp> read(const CompileRequest &request, MLIRContext &context) {
  if (StringRef(request.input).ends_with(".onnx"))
    return importOnnx(request.input, &context, request.options.hostOps);
  return parseSourceFile<ModuleOp>(request.input, &context);
}

static ExitCode print(ModuleOp module, StringRef path) {
  std::string error;
  auto file = openOutputFile(path, &error);
  if (!file) {
    emitError(UnknownLoc::get(module.getContext())) << error;
    return ExitCode::System;
  }
  module.print(file->os(), OpPrintingFlags());
  file->os() << "\n";
  file->keep();
  return ExitCode::Done;
}

/// A file that cannot be opened is the system's failure, not the input's.
static bool isReadable(StringRef path, MLIRContext &context) {
  auto file = llvm::sys::fs::openNativeFileForRead(path);
  if (file) {
    llvm::sys::fs::closeFile(*file);
    return true;
  }
  emitError(FileLineColLoc::get(&context, path, 0, 0)) << "cannot be read: " << llvm::toString(file.takeError());
  return false;
}

/// Runs the stages; between optimize and legalize the language has said all it can about the graph.
static LogicalResult runRequested(ModuleOp module, Stage from, Stage to, const CompileOptions &options) {
  Stage pause = std::min(to, Stage::Optimize);
  if (failed(runStages(module, from, pause, options)))
    return failure();
  if (from < Stage::Raise && pause >= Stage::Raise && options.raise) {
    if (options.explain)
      explainRaised(module, *options.explain);
    if (!options.quiet && failed(reportPlainPath(module, options.strict)))
      return failure();
  }
  return runStages(module, std::max(from, pause), to, options);
}

/// The optimized graph in ONNX's operators, weights that are computed from others computed.
static LogicalResult writeOnnx(ModuleOp module, StringRef path, const CompileOptions &options) {
  PassManager passes(module.getContext());
  passes.enableVerifier(options.verifyEach);
  if (options.configure && failed(options.configure(passes)))
    return failure();
  OpPassManager &functions = passes.nest<func::FuncOp>();
  functions.addPass(createSpellOnnx());
  functions.addPass(createCanonicalizerPass()); // routers that experts took over go, before their weights are hoisted
  functions.addPass(createCSEPass());
  passes.addPass(createHoistParams());
  passes.addNestedPass<func::FuncOp>(createCanonicalizerPass());
  return succeeded(passes.run(module)) ? exportOnnx(module, path) : failure();
}

/// Stages behind legalize are for one target each: the others work on copies.
static ExitCode emit(ModuleOp module, Stage from, const CompileRequest &request) {
  std::vector<std::shared_ptr<const Target>> targets = request.options.targets;
  if (targets.empty())
    targets.push_back(llvm::cantFail(lookupTarget("cpu")));
  std::vector<OwningOpRef<ModuleOp>> copies;
  std::vector<LoweredModule> modules;
  for (const auto &target : targets) {
    bool last = target == targets.back();
    if (!last)
      copies.emplace_back(module.clone());
    modules.push_back({target, last ? module : *copies.back()});
    if (failed(runStages(modules.back().module, from, Stage::Lower, request.options.only(target))))
      return ExitCode::Invalid;
    if (request.options.explain)
      explainWeights(modules.back().module, *request.options.explain);
  }
  return succeeded(writeArtefact(modules, request.output, request.options)) ? ExitCode::Done : ExitCode::System;
}

ExitCode compile(const CompileRequest &request, MLIRContext &context) {
  if (!isReadable(request.input, context))
    return ExitCode::System;
  request.options.report("import");
  OwningOpRef<ModuleOp> module = read(request, context);
  if (!module)
    return ExitCode::Invalid;
  Stage from = request.from.value_or(Stage::Import), to = request.to.value_or(Stage::Emit), shared = std::min(to, Stage::Legalize);
  if (to > Stage::Legalize && to < Stage::Emit && request.options.targets.size() > 1) {
    emitError(UnknownLoc::get(&context)) << "a dump behind legalize is for one target; name one with --target";
    return ExitCode::Usage;
  }
  if (failed(runRequested(*module, from, to == Stage::Emit ? shared : to, request.options)))
    return ExitCode::Invalid;
  if (to == Stage::Emit)
    return emit(*module, std::max(from, shared), request);
  if (StringRef(request.output).ends_with(".onnx"))
    return succeeded(writeOnnx(*module, request.output, request.options)) ? ExitCode::Done : ExitCode::Invalid;
  return print(*module, request.output);
}

} // namespace moe
