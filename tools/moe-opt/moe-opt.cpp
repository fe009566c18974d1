//===- moe-opt.cpp - the compiler's command line ----------------------------------------------------------------===//
#include "Plugins.h"
#include "Request.h"
#include "moe/InitAll.h"
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
  return int(carryOut(*line, registry));
}
