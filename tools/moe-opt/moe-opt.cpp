//===- moe-opt.cpp - the compiler's command line ----------------------------------------------------------------===//
#include "Check.h"
#include "Options.h"
#include "Plugins.h"
#include "moe/InitAll.h"
#include "moe/Support/Diagnostics.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/Signals.h"

using namespace moe;

static int fail(ExitCode code, llvm::Error error) {
  llvm::errs() << "moe-opt: error: " << llvm::toString(std::move(error)) << "\n";
  return int(code);
}

/// Aborts of LLVM and crashes are bugs of the compiler, whatever the input.
static void endAsBug(void *, const char *reason, bool) {
  llvm::errs() << "moe-opt: internal error: " << reason << "; please report it with the input\n";
  _exit(int(ExitCode::Bug));
}

static int compileRequested(CommandLine &line, mlir::DialectRegistry &registry) {
  mlir::MLIRContext context(registry);
  context.printOpOnDiagnostic(false); // a node is named by its name, not by the IR that it became
  DiagnosticSink sink(context, [](llvm::StringRef text) { llvm::errs() << text; });
  line.request.options.configure = [](mlir::PassManager &passes) { // --mlir-print-ir-after-all, --mlir-timing, ...
    mlir::applyDefaultTimingPassManagerCLOptions(passes);
    return mlir::applyPassManagerCLOptions(passes);
  };
  llvm::raw_ostream &report = line.request.output == "-" ? llvm::errs() : llvm::outs();
  if (line.check)
    if (ExitCode code = checkByExecution(line.request, context, line.check, report); code != ExitCode::Done)
      return int(code);
  if (line.explain)
    line.request.options.explain = &report;
  return int(compile(line.request, context));
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  llvm::install_fatal_error_handler(endAsBug);
  llvm::sys::AddSignalHandler([](void *) { endAsBug(nullptr, "crash", false); }, nullptr);
  mlir::DialectRegistry registry;
  registerDialects(registry);
  registerPasses();
  std::vector<char *> arguments(argv, argv + argc);
  if (llvm::Error error = loadPlugins(arguments, registry))
    return fail(ExitCode::Usage, std::move(error));
  registerOptions();
  int count = int(arguments.size());
  auto [input, output] = mlir::registerAndParseCLIOptions(count, arguments.data(), "moe-opt: compiler for sparse models", registry);
  llvm::Expected<CommandLine> line = readCommandLine(input, output);
  if (!line)
    return fail(ExitCode::Usage, line.takeError());
  if (!line->compile)
    return mlir::asMainReturnCode(mlir::MlirOptMain(count, arguments.data(), input, output, registry));
  return compileRequested(*line, registry);
}
