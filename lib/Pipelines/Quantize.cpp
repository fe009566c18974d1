//===- Quantize.cpp - the quantize stage ------------------------------------------------------------------------===//
//
// Before legalize: here projections, experts and tables of rows are ops that can be told apart, and a table's codes can still be gathered in
// place of its numbers. What is made from weights alone is computed when the artefact is written.
//
//===------------------------------------------------------------------------------------------------------------===//
#include "Pipelines.h"
#include "moe/Analysis/WeightUses.h"
#include "moe/Dialect/Moe.h"
#include "moe/Transforms/Passes.h"

using namespace mlir;

namespace moe {

void buildQuantize(OpPassManager &passes, const CompileOptions &options) {
  QuantizeWeightsOptions formats;
  formats.formats = options.weights;
  passes.addPass(createQuantizeWeights(formats));
}

LogicalResult verifyQuantize(ModuleOp module) {
  SymbolTable symbols(module);
  for (auto function : module.getOps<func::FuncOp>())
    for (const WeightUse &use : weightUses(function))
      for (StringRef name : paramsOf(use.operand->get()))
        if (auto param = symbols.lookup<ParamOp>(name); param && (!param.getRole() || !param.getFormat()))
          return param.emitError("stage quantize: every weight has a role and a format, but this one has none");
  return success();
}

} // namespace moe
