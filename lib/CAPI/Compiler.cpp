//===- Compiler.cpp - the compiler for C ------------------------------------------------------------------------===//
#include "moe/C/Compiler.h"
#include "moe/InitAll.h"
#include "moe/Pipelines/Compile.h"
#include "moe/Support/Diagnostics.h"

using namespace moe;

static mlir::DialectRegistry makeRegistry() {
  mlir::DialectRegistry registry;
  registerDialects(registry);
  return registry;
}

moe_exit_code moe_compile(const char *input, const char *output, const char *const *options, moe_diagnostic_handler handler, void *user) {
  auto print = [&](llvm::StringRef text) {
    if (handler)
      handler(user, text.str().c_str());
  };
  CompileRequest request{input, output, std::nullopt, Stage::Emit, {}};
  for (; options && *options; ++options) {
    auto [name, value] = llvm::StringRef(*options).split('=');
    if (llvm::Error error = setOption(request.options, name, value)) {
      print("error: " + llvm::toString(std::move(error)) + "\n");
      return MOE_USAGE;
    }
  }
  if (!llvm::StringRef(output).ends_with(".moe")) {
    print("error: the output's name must end in .moe\n");
    return MOE_USAGE;
  }
  static const mlir::DialectRegistry registry = makeRegistry();
  mlir::MLIRContext context(registry);
  context.printOpOnDiagnostic(false);
  DiagnosticSink sink(context, print);
  return moe_exit_code(compile(request, context));
}

const char *moe_compiler_version(void) { return MOE_VERSION; }
