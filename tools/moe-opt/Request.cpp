//===- Request.cpp - what a command line of stages asks for, done -----------------------------------------------===//
#include "Request.h"
#include "Check.h"
#include "Progress.h"
#include "moe/Support/Diagnostics.h"
#include "mlir/Pass/PassManager.h"

namespace moe {

ExitCode carryOut(CommandLine &line, mlir::DialectRegistry &registry) {
  mlir::MLIRContext context(registry);
  context.printOpOnDiagnostic(false); // a node is named by its name, not by the IR that it became
  ProgressLine progress;
  DiagnosticSink sink(context, [&](llvm::StringRef text) {
    progress.clear();
    llvm::errs() << text;
  });
  CompileRequest &request = line.request;
  request.options.progress = [&](llvm::StringRef what, double share) { progress.show(what, share); };
  request.options.configure = [](mlir::PassManager &passes) { // --mlir-print-ir-after-all, --mlir-timing, ...
    mlir::applyDefaultTimingPassManagerCLOptions(passes);
    return mlir::applyPassManagerCLOptions(passes);
  };
  llvm::raw_ostream &report = request.output == "-" ? llvm::errs() : llvm::outs();
  if (line.explain)
    request.options.explain = &report;
  if (line.check) {
    ExitCode code = checkByExecution(request, context, line.check, report);
    if (code != ExitCode::Done || request.to.value_or(Stage::Emit) == Stage::Emit)
      return code;
  }
  return compile(request, context);
}

} // namespace moe
