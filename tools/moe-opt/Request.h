//===- Request.h - what a command line of stages asks for, done ---------------------------------------*- C++ -*-===//
#pragma once

#include "Options.h"
#include "mlir/IR/DialectRegistry.h"

namespace moe {

/// Compiles, and checks by execution where that is asked for; says on stderr what there is to say.
ExitCode carryOut(CommandLine &line, mlir::DialectRegistry &registry);

} // namespace moe
