//===- FoldedWeights.cpp - the bytes of weights that ONNX operators compute -------------------------------------===//
#include "FoldedWeights.h"
#include "moe/Conversion/Passes.h"
#include "moe/Reference/Interpreter.h"
#include "moe/Schema/Convert.h"
#include "moe/Support/Bytes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace mlir;

namespace moe {

static std::string functionOf(ParamOp param) { return ("weight " + param.getSymName()).str(); }

LogicalResult FoldedWeights::prepare() {
  legal = ModuleOp::create(module.getLoc());
  OpBuilder builder = OpBuilder::atBlockEnd(legal->getBody());
  for (auto param : module.getOps<ParamOp>()) {
    if (param.getInit().empty()) {
      builder.clone(*param);
      continue;
    }
    auto function = func::FuncOp::create(builder, param.getLoc(), functionOf(param), builder.getFunctionType({}, param.getType()));
    IRMapping mapping;
    param.getInit().cloneInto(&function.getBody(), mapping);
    Operation *yield = function.getBody().front().getTerminator();
    OpBuilder inside(yield);
    func::ReturnOp::create(inside, param.getLoc(), yield->getOperands());
    yield->erase();
  }
  PassManager passes(module.getContext());
  passes.addPass(createLegalizeOnnx());
  return passes.run(*legal);
}

LogicalResult FoldedWeights::write(ParamOp param, llvm::raw_ostream &out) {
  auto type = cast<RankedTensorType>(param.getType());
  if (param.getValue()) {
    out << schema::tensorProto(*param.getValue()).raw_data();
    return success();
  }
  if (!param.getInit().empty()) {
    auto results = Interpreter(*legal).run(functionOf(param));
    if (!results)
      return param.emitError("the weight cannot be computed: ") << llvm::toString(results.takeError());
    out << StringRef(results->front().data(), byteSize(type));
    return success();
  }
  FileAttr file = *param.getFile();
  auto buffer = llvm::MemoryBuffer::getFileSlice(file.getPath(), file.getLength(), file.getOffset());
  if (!buffer || int64_t((*buffer)->getBufferSize()) != file.getLength())
    return param.emitError("cannot read ") << file.getPath() << ": " << (buffer ? "the file has changed" : buffer.getError().message());
  out << (*buffer)->getBuffer();
  return success();
}

} // namespace moe
