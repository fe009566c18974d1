//===- Plugins.h - passes and dialects from shared libraries ------------------------------------------*- C++ -*-===//
#pragma once

#include "mlir/IR/DialectRegistry.h"
#include "llvm/Support/Error.h"
#include <vector>

namespace moe {

/// Loads the libraries that --load-pass-plugin and --load-dialect-plugin name and takes these arguments away. To be called before the
/// command line is parsed, so that their passes have flags too (mlir-opt knows a plugin's pass inside --pass-pipeline only).
llvm::Error loadPlugins(std::vector<char *> &arguments, mlir::DialectRegistry &registry);

} // namespace moe
