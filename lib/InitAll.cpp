//===- InitAll.cpp - everything that a tool registers -----------------------------------------------------------===//
#include "moe/InitAll.h"
#include "moe/Import/Onnx.h"
#include "moe/Conversion/Passes.h"
#include "moe/Transforms/Passes.h"
#include "moe/Dialect/Check.h"
#include "moe/Dialect/Moe.h"
#include "moe/Dialect/Onnx.h"
#include "moe/Dialect/Rt.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"

namespace moe {

void registerDialects(mlir::DialectRegistry &registry) {
  registry.insert<MoeDialect, onnx::OnnxDialect, rt::RtDialect, check::CheckDialect>();
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  registerRuntimeSchemas();
}

void registerPasses() {
  mlir::registerAllPasses();
  registerMoeConversionPasses();
  registerMoeTransformsPasses();
}

} // namespace moe
