//===- moe-opt.cpp - the compiler's command line ----------------------------------------------------------------===//
#include "moe/InitAll.h"
#include "moe/Pipelines/Compile.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"

namespace cl = llvm::cl;

static cl::OptionCategory category("Compilation");
static cl::opt<std::string> from("from", cl::desc("the stage that the input is a dump of"), cl::cat(category));
static cl::opt<std::string> to("to", cl::desc("the last stage to run"), cl::cat(category));

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  mlir::DialectRegistry registry;
  moe::registerDialects(registry);
  moe::registerPasses();
  auto [input, output] = mlir::registerAndParseCLIOptions(argc, argv, "moe-opt: compiler for sparse models", registry);
  if (!llvm::StringRef(input).ends_with(".onnx") && from.empty() && to.empty())
    return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, input, output, registry));
  mlir::MLIRContext context(registry);
  moe::CompileRequest request{input, output, moe::stageNamed(from), moe::stageNamed(to), {}};
  request.options.configure = [](mlir::PassManager &passes) { // --mlir-print-ir-after-all, --mlir-timing, ...
    mlir::applyDefaultTimingPassManagerCLOptions(passes);
    return mlir::applyPassManagerCLOptions(passes);
  };
  return int(moe::compile(request, context));
}
