//===- Launch.cpp - making a kernel and its launch --------------------------------------------------------------===//
#include "moe/Kernels/Launch.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace moe {

/// `name` and a number behind that of the kernel made last: kernels stand at the end of the module in the order of their numbers, so a free
/// name is found without trying those that are taken.
static std::string freeName(ModuleOp module, StringRef name) {
  unsigned number = 0;
  if (!module.getBody()->empty())
    if (auto last = dyn_cast<func::FuncOp>(module.getBody()->back()); last && last->hasAttr(rt::kKernelAttr)) {
      StringRef digits = last.getSymName().split('.').first.rsplit('_').second; // name_12, or name_12.isa
      number = digits.getAsInteger(10, number) ? 0 : number + 1;
    }
  std::string candidate;
  do
    candidate = (name + "_" + Twine(number++)).str();
  while (module.lookupSymbol(candidate));
  return candidate;
}

static func::FuncOp makeKernel(ModuleOp module, Location loc, StringRef name, TypeRange args, KernelBody body) {
  ImplicitLocOpBuilder outside(loc, OpBuilder::atBlockEnd(module.getBody()));
  SmallVector<Type> types = {outside.getIndexType(), outside.getIndexType()};
  llvm::append_range(types, args);
  auto kernel = func::FuncOp::create(outside, name, outside.getFunctionType(types, {}));
  kernel.setPrivate();
  kernel->setAttr(rt::kKernelAttr, outside.getUnitAttr());
  Block *entry = kernel.addEntryBlock();
  ImplicitLocOpBuilder inside(loc, OpBuilder::atBlockEnd(entry));
  body(inside, entry->getArguments().drop_front(2), entry->getArgument(0), entry->getArgument(1));
  inside.setInsertionPointToEnd(&kernel.getBody().back());
  func::ReturnOp::create(inside);
  return kernel;
}

rt::LaunchOp launch(ImplicitLocOpBuilder &b, StringRef name, ValueRange args, Value tasks, Value cost, KernelBody body) {
  auto module = b.getInsertionBlock()->getParentOp()->getParentOfType<ModuleOp>();
  func::FuncOp kernel = makeKernel(module, b.getLoc(), freeName(module, name), args.getTypes(), body);
  return rt::LaunchOp::create(b, kernel.getSymName(), tasks, cost, args);
}

void addVariant(rt::LaunchOp launch, StringRef isa, KernelBody body) {
  auto module = launch->getParentOfType<ModuleOp>();
  std::string name = (launch.getKernel() + "." + isa).str();
  func::FuncOp kernel = makeKernel(module, launch.getLoc(), name, launch.getArgs().getTypes(), body);
  kernel->setAttr(rt::kIsaAttr, StringAttr::get(module.getContext(), isa));
}

Value stackMemory(ImplicitLocOpBuilder &b, Value argument, ArrayRef<int64_t> shape, Type element) {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(cast<BlockArgument>(argument).getOwner()); // what is being built has no parent yet
  return memref::AllocaOp::create(b, MemRefType::get(shape, element), b.getI64IntegerAttr(64));
}

void forEachTask(ImplicitLocOpBuilder &b, Value begin, Value end, function_ref<void(ImplicitLocOpBuilder &, Value)> body) {
  Value one = arith::ConstantIndexOp::create(b, 1);
  scf::ForOp::create(b, begin, end, one, ValueRange(), [&](OpBuilder &builder, Location loc, Value task, ValueRange) {
    ImplicitLocOpBuilder inner(loc, builder);
    body(inner, task);
    scf::YieldOp::create(inner);
  });
}

Value product(ImplicitLocOpBuilder &b, ValueRange lengths) {
  Value result = arith::ConstantIndexOp::create(b, 1);
  for (Value length : lengths)
    result = b.createOrFold<arith::MulIOp>(result, length);
  return result;
}

SmallVector<Value> delinearize(ImplicitLocOpBuilder &b, Value task, ValueRange lengths) {
  SmallVector<Value> indices(lengths.size());
  for (int64_t axis = int64_t(lengths.size()) - 1; axis >= 0; --axis) {
    if (axis == 0) {
      indices[axis] = task;
      break;
    }
    indices[axis] = arith::RemUIOp::create(b, task, lengths[axis]);
    task = arith::DivUIOp::create(b, task, lengths[axis]);
  }
  return indices;
}

} // namespace moe
