//===- Grid.cpp - making a kernel for a GPU and its launch ------------------------------------------------------===//
#include "moe/Kernels/Grid.h"

using namespace mlir;

namespace moe {

gpu::GPUModuleOp deviceModule(ModuleOp module) {
  for (auto device : module.getOps<gpu::GPUModuleOp>())
    return device;
  module->setAttr(gpu::GPUDialect::getContainerModuleAttrName(), UnitAttr::get(module.getContext()));
  OpBuilder b = OpBuilder::atBlockBegin(module.getBody());
  return gpu::GPUModuleOp::create(b, module.getLoc(), "device");
}

/// `name` and a number behind that of the kernel made last.
static std::string freeName(gpu::GPUModuleOp device, StringRef name) {
  unsigned number = 0;
  if (!device.getBody()->empty())
    if (auto last = dyn_cast<gpu::GPUFuncOp>(device.getBody()->back()))
      number = last.getName().rsplit('_').second.getAsInteger(10, number) ? 0 : number + 1;
  return (name + "_" + Twine(number)).str();
}

gpu::GPUFuncOp makeGridKernel(ModuleOp module, Location loc, StringRef name, TypeRange args, int64_t threads, ArrayRef<SharedArray> shared,
                              GridBody body) {
  gpu::GPUModuleOp device = deviceModule(module);
  ImplicitLocOpBuilder outside(loc, OpBuilder::atBlockEnd(device.getBody()));
  auto space = gpu::AddressSpaceAttr::get(module.getContext(), gpu::AddressSpace::Workgroup);
  SmallVector<Type> memory;
  for (const SharedArray &array : shared)
    memory.push_back(MemRefType::get(array.shape, array.element, MemRefLayoutAttrInterface(), space));
  auto kernel = gpu::GPUFuncOp::create(outside, freeName(device, name), outside.getFunctionType(args, {}), memory);
  kernel->setAttr(gpu::GPUDialect::getKernelFuncAttrName(), outside.getUnitAttr());
  kernel.setKnownBlockSizeAttr(outside.getDenseI32ArrayAttr({int32_t(threads), 1, 1}));
  ImplicitLocOpBuilder inside(loc, OpBuilder::atBlockEnd(&kernel.getBody().front()));
  SmallVector<Value> arrays = llvm::map_to_vector(kernel.getWorkgroupAttributions(), [](BlockArgument array) { return Value(array); });
  body(Code(inside), kernel.getBody().front().getArguments().take_front(args.size()), arrays);
  inside.setInsertionPointToEnd(&kernel.getBody().back());
  gpu::ReturnOp::create(inside);
  return kernel;
}

gpu::LaunchFuncOp launchGrid(ImplicitLocOpBuilder &b, gpu::GPUFuncOp kernel, ValueRange args, const Grid &grid) {
  Code c(b);
  auto blocks = [&](size_t axis) { return axis < grid.blocks.size() ? grid.blocks[axis] : c.index(1); };
  gpu::KernelDim3 size{blocks(0), blocks(1), blocks(2)}, block{c.index(grid.threads), c.index(1), c.index(1)};
  return gpu::LaunchFuncOp::create(b, kernel, size, block, /*dynamicSharedMemorySize=*/Value(), args);
}

gpu::LaunchFuncOp launchGrid(ImplicitLocOpBuilder &b, StringRef name, ValueRange args, const Grid &grid, ArrayRef<SharedArray> shared, GridBody body) {
  auto module = b.getInsertionBlock()->getParentOp()->getParentOfType<ModuleOp>();
  return launchGrid(b, makeGridKernel(module, b.getLoc(), name, args.getTypes(), grid.threads, shared, body), args, grid);
}

Value threadOf(Code c) { return gpu::ThreadIdOp::create(c.b, gpu::Dimension::x); }

Value blockOf(Code c, unsigned axis) {
  constexpr gpu::Dimension axes[] = {gpu::Dimension::x, gpu::Dimension::y, gpu::Dimension::z};
  return gpu::BlockIdOp::create(c.b, axes[axis]);
}

void barrier(Code c) { gpu::BarrierOp::create(c.b); }

} // namespace moe
