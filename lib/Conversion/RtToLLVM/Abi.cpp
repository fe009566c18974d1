//===- Abi.cpp - the layout of runtime/include/moert/abi.h in LLVM IR -------------------------------------------===//
#include "Abi.h"
#include "moert/abi.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace moe::abi {

Type pointer(MLIRContext *context) { return LLVM::LLVMPointerType::get(context); }

Value offset(OpBuilder &b, Location loc, Value base, int64_t bytes) {
  if (bytes == 0)
    return base;
  return LLVM::GEPOp::create(b, loc, pointer(b.getContext()), b.getI8Type(), base, ArrayRef<LLVM::GEPArg>{int32_t(bytes)});
}

Value callOf(Operation *op) { return op->getParentOfType<FunctionOpInterface>().getArgument(0); }

Value call(OpBuilder &b, Location loc, Value theCall, Entry entry, ValueRange args, Type result) {
  Type ptr = pointer(b.getContext());
  Value table = LLVM::LoadOp::create(b, loc, ptr, theCall);
  Value function = LLVM::LoadOp::create(b, loc, ptr, offset(b, loc, table, 8 * int64_t(entry)));
  SmallVector<Type> types = {ptr};
  llvm::append_range(types, args.getTypes());
  auto type = LLVM::LLVMFunctionType::get(result ? result : LLVM::LLVMVoidType::get(b.getContext()), types);
  SmallVector<Value> operands = {function, theCall};
  llvm::append_range(operands, args);
  auto made = LLVM::CallOp::create(b, loc, type, operands);
  return result ? made.getResult() : Value();
}

Value stackSlots(OpBuilder &b, Operation *op, int64_t count) {
  OpBuilder::InsertionGuard guard(b);
  Block &entry = op->getParentOfType<FunctionOpInterface>().getFunctionBody().front();
  b.setInsertionPointToStart(&entry);
  Value size = LLVM::ConstantOp::create(b, op->getLoc(), b.getI64IntegerAttr(std::max<int64_t>(count, 1)));
  return LLVM::AllocaOp::create(b, op->getLoc(), pointer(b.getContext()), b.getI64Type(), size);
}

//===- slots ----------------------------------------------------------------------------------------------------===//

/// The dynamic strides of a memref that its lengths do not imply.
static SmallVector<unsigned> dynamicStrides(MemRefType type) {
  SmallVector<int64_t> strides;
  int64_t start;
  SmallVector<unsigned> result;
  if (type.getLayout().isIdentity() || failed(type.getStridesAndOffset(strides, start)))
    return result;
  for (auto [axis, stride] : llvm::enumerate(strides))
    if (ShapedType::isDynamic(stride))
      result.push_back(axis);
  return result;
}

void pack(OpBuilder &b, Location loc, Type type, Value converted, SmallVectorImpl<Value> &slots) {
  auto memref = dyn_cast<MemRefType>(type);
  if (!memref) {
    Value slot = converted;
    unsigned bits = slot.getType().getIntOrFloatBitWidth();
    if (isa<FloatType>(slot.getType()))
      slot = LLVM::BitcastOp::create(b, loc, b.getIntegerType(bits), slot);
    if (bits < 64)
      slot = LLVM::ZExtOp::create(b, loc, b.getI64Type(), slot);
    slots.push_back(slot);
    return;
  }
  MemRefDescriptor descriptor(converted);
  // A dynamic offset is added to the address here; a static one is added by whoever reads the type.
  Value address = descriptor.alignedPtr(b, loc);
  SmallVector<int64_t> strides;
  int64_t start = 0;
  (void)memref.getStridesAndOffset(strides, start);
  if (ShapedType::isDynamic(start))
    address = LLVM::GEPOp::create(b, loc, address.getType(), memref.getElementType(), address, ArrayRef<LLVM::GEPArg>{descriptor.offset(b, loc)});
  slots.push_back(LLVM::PtrToIntOp::create(b, loc, b.getI64Type(), address));
  for (int64_t axis = 0; axis < memref.getRank(); ++axis)
    if (memref.isDynamicDim(axis))
      slots.push_back(descriptor.size(b, loc, axis));
  for (unsigned axis : dynamicStrides(memref))
    slots.push_back(descriptor.stride(b, loc, axis));
}

/// Reads what pack wrote, as a value of `type`.
static Value unpack(ImplicitLocOpBuilder &b, Type type, function_ref<Value()> next, const LLVMTypeConverter &converter) {
  auto memref = dyn_cast<MemRefType>(type);
  if (!memref) {
    Value slot = next();
    if (type.isIndex())
      return UnrealizedConversionCastOp::create(b, type, slot).getResult(0);
    unsigned bits = type.getIntOrFloatBitWidth();
    if (bits < 64)
      slot = LLVM::TruncOp::create(b, b.getIntegerType(bits), slot);
    return isa<FloatType>(type) ? LLVM::BitcastOp::create(b, type, slot).getResult() : slot;
  }
  auto descriptor = MemRefDescriptor::poison(b, b.getLoc(), converter.convertType(memref));
  Value address = LLVM::IntToPtrOp::create(b, pointer(b.getContext()), next());
  descriptor.setAllocatedPtr(b, b.getLoc(), address);
  descriptor.setAlignedPtr(b, b.getLoc(), address);
  auto constant = [&](int64_t value) -> Value { return LLVM::ConstantOp::create(b, b.getI64IntegerAttr(value)); };
  SmallVector<int64_t> strides;
  int64_t start = 0;
  (void)memref.getStridesAndOffset(strides, start);
  descriptor.setOffset(b, b.getLoc(), constant(ShapedType::isDynamic(start) ? 0 : start));
  SmallVector<Value> sizes;
  for (int64_t axis = 0; axis < memref.getRank(); ++axis) {
    sizes.push_back(memref.isDynamicDim(axis) ? next() : constant(memref.getDimSize(axis)));
    descriptor.setSize(b, b.getLoc(), axis, sizes.back());
  }
  SmallVector<unsigned> dynamic = dynamicStrides(memref);
  Value running = constant(1);
  SmallVector<Value> strideValues(memref.getRank());
  for (int64_t axis = memref.getRank() - 1; axis >= 0; --axis) {
    strideValues[axis] = ShapedType::isDynamic(strides[axis]) ? running : constant(strides[axis]);
    running = LLVM::MulOp::create(b, running, sizes[axis]);
  }
  for (unsigned axis : dynamic)
    strideValues[axis] = next();
  for (int64_t axis = 0; axis < memref.getRank(); ++axis)
    descriptor.setStride(b, b.getLoc(), axis, strideValues[axis]);
  return UnrealizedConversionCastOp::create(b, type, Value(descriptor)).getResult(0);
}

//===- functions ------------------------------------------------------------------------------------------------===//

namespace {

class Adapter {
public:
  explicit Adapter(ModuleOp module) : module(module), converter(module.getContext(), options(module.getContext())) {}

  void run() {
    SmallVector<func::FuncOp> functions(module.getOps<func::FuncOp>());
    for (func::FuncOp function : functions)
      if (function->hasAttr(rt::kKernelAttr))
        function.walk([&](rt::CheckOp) { checking.insert(function.getSymName()); });
    for (func::FuncOp function : functions)
      function->hasAttr(rt::kKernelAttr) ? kernel(function) : host(function);
    for (func::FuncOp function : functions)
      if (function->hasAttr(rt::kEntryAttr))
        wrapper(function);
  }

private:
  static LowerToLLVMOptions options(MLIRContext *context) {
    LowerToLLVMOptions result(context);
    result.overrideIndexBitwidth(64);
    return result;
  }

  Type ptr() { return pointer(module.getContext()); }

  /// (call, begin, end, args): the operands come out of the slots.
  void kernel(func::FuncOp function) {
    Block &entry = function.getBody().front();
    SmallVector<BlockArgument> old(entry.getArguments());
    Location loc = function.getLoc();
    ImplicitLocOpBuilder b(loc, OpBuilder::atBlockBegin(&entry));
    Type i64 = b.getI64Type();
    SmallVector<Type> types = {ptr(), i64, i64, ptr()};
    SmallVector<Value> fresh;
    for (Type type : types)
      fresh.push_back(entry.addArgument(type, loc));
    for (int i = 0; i < 2; ++i)
      old[i].replaceAllUsesWith(UnrealizedConversionCastOp::create(b, TypeRange(b.getIndexType()), fresh[1 + i]).getResult(0));
    int64_t slot = 0;
    auto next = [&]() -> Value { return LLVM::LoadOp::create(b, i64, offset(b, loc, fresh[3], 8 * slot++)); };
    for (BlockArgument argument : ArrayRef(old).drop_front(2))
      argument.replaceAllUsesWith(unpack(b, argument.getType(), next, converter));
    entry.eraseArguments(0, old.size());
    function.setFunctionType(b.getFunctionType(types, {}));
    function.setPublic();
    checks(function, /*leave=*/false);
  }

  /// The call becomes the first argument, and is passed on to callees.
  void host(func::FuncOp function) {
    if (function.isExternal())
      return;
    Block &entry = function.getBody().front();
    entry.insertArgument(0u, ptr(), function.getLoc());
    SmallVector<Type> types(entry.getArgumentTypes());
    function.setFunctionType(FunctionType::get(module.getContext(), types, function.getResultTypes()));
    function.removeArgAttrsAttr();
    function.removeResAttrsAttr();
    function.setPrivate();
    function.walk([&](func::CallOp call) { call->insertOperands(0, entry.getArgument(0)); });
    checks(function, /*leave=*/true);
  }

  Value message(ImplicitLocOpBuilder &b, StringRef text) {
    std::string &name = messages[text];
    if (name.empty()) {
      name = "message_" + std::to_string(messages.size());
      OpBuilder top = OpBuilder::atBlockBegin(module.getBody());
      std::string data = text.str() + '\0';
      LLVM::GlobalOp::create(top, b.getLoc(), LLVM::LLVMArrayType::get(top.getI8Type(), data.size()), /*isConstant=*/true,
                             LLVM::Linkage::Internal, name, top.getStringAttr(data));
    }
    return LLVM::AddressOfOp::create(b, ptr(), name);
  }

  /// The block that leaves a function whose results no longer matter.
  Block *exitBlock(func::FuncOp function) {
    Block *exit = new Block;
    function.getBody().push_back(exit);
    ImplicitLocOpBuilder b(function.getLoc(), OpBuilder::atBlockEnd(exit));
    SmallVector<Value> results;
    for (Type type : function.getResultTypes())
      results.push_back(ub::PoisonOp::create(b, type, ub::PoisonAttr::get(module.getContext())));
    func::ReturnOp::create(b, results);
    return exit;
  }

  void checks(func::FuncOp function, bool leave) {
    Block *exit = nullptr;
    SmallVector<Operation *> ops;
    function.walk([&](Operation *op) {
      bool launches = false;
      if (auto launch = dyn_cast<rt::LaunchOp>(op))
        launches = checking.contains(launch.getKernel());
      if (isa<rt::CheckOp>(op) || (leave && (launches || isa<func::CallOp, rt::HostOp, rt::SyncOp>(op))))
        ops.push_back(op);
    });
    for (Operation *op : ops) {
      if (leave && !exit)
        exit = exitBlock(function);
      Block *before = op->getBlock(), *after = before->splitBlock(op->getNextNode());
      ImplicitLocOpBuilder b(op->getLoc(), OpBuilder::atBlockEnd(before));
      if (auto check = dyn_cast<rt::CheckOp>(op)) {
        Block *fail = new Block;
        function.getBody().push_back(fail);
        cf::CondBranchOp::create(b, check.getCondition(), after, ValueRange(), fail, ValueRange());
        b.setInsertionPointToEnd(fail);
        abi::call(b, b.getLoc(), function.getArgument(0), Entry::Fail, {message(b, check.getMessage())}, {});
        cf::BranchOp::create(b, leave ? exit : after);
        check.erase();
        continue;
      }
      Value failed = LLVM::LoadOp::create(b, b.getI32Type(), offset(b, b.getLoc(), function.getArgument(0), offsetof(moert_call, failed)));
      Value zero = LLVM::ConstantOp::create(b, b.getI32IntegerAttr(0));
      Value fine = LLVM::ICmpOp::create(b, LLVM::ICmpPredicate::eq, failed, zero);
      cf::CondBranchOp::create(b, fine, after, ValueRange(), exit, ValueRange());
    }
  }

  /// moe_entry_NAME(call, inputs): reads the arguments, calls the function, hands over the results.
  void wrapper(func::FuncOp function) {
    Location loc = function.getLoc();
    ImplicitLocOpBuilder b(loc, OpBuilder::atBlockEnd(module.getBody()));
    auto entry = func::FuncOp::create(b, ("moe_entry_" + function.getSymName()).str(), b.getFunctionType({ptr(), ptr()}, {}));
    Block *body = entry.addEntryBlock();
    b.setInsertionPointToEnd(body);
    Value theCall = body->getArgument(0);
    SmallVector<Value> operands = {theCall};
    for (auto [index, type] : llvm::enumerate(function.getArgumentTypes().drop_front())) {
      auto memref = cast<MemRefType>(type);
      Value base = offset(b, loc, body->getArgument(1), sizeof(moert_argument) * index);
      Value data = LLVM::LoadOp::create(b, ptr(), base);
      Value dims = LLVM::LoadOp::create(b, ptr(), offset(b, loc, base, offsetof(moert_argument, dims)));
      int64_t axis = -1, next = 0;
      auto slot = [&]() -> Value {
        if (axis++ < 0)
          return LLVM::PtrToIntOp::create(b, b.getI64Type(), data);
        while (!memref.isDynamicDim(next))
          ++next;
        return LLVM::LoadOp::create(b, b.getI64Type(), offset(b, loc, dims, 8 * next++));
      };
      operands.push_back(unpack(b, memref, slot, converter));
    }
    auto call = func::CallOp::create(b, function, operands);
    Value failed = LLVM::LoadOp::create(b, b.getI32Type(), offset(b, loc, theCall, offsetof(moert_call, failed)));
    Value fine = LLVM::ICmpOp::create(b, LLVM::ICmpPredicate::eq, failed, LLVM::ConstantOp::create(b, b.getI32IntegerAttr(0)));
    Block *done = new Block, *give = new Block;
    entry.getBody().push_back(give);
    entry.getBody().push_back(done);
    cf::CondBranchOp::create(b, fine, give, ValueRange(), done, ValueRange());
    b.setInsertionPointToEnd(done);
    func::ReturnOp::create(b);
    b.setInsertionPointToEnd(give);
    for (auto [index, result] : llvm::enumerate(call.getResults())) {
      auto memref = cast<MemRefType>(result.getType());
      Value dims = stackSlots(b, call, memref.getRank());
      for (int64_t axis = 0; axis < memref.getRank(); ++axis) {
        Value length = arith::IndexCastOp::create(b, b.getI64Type(), memref::DimOp::create(b, result, axis));
        LLVM::StoreOp::create(b, length, offset(b, loc, dims, 8 * axis));
      }
      Value address = memref::ExtractAlignedPointerAsIndexOp::create(b, result);
      Value number = arith::IndexCastOp::create(b, b.getI64Type(), address);
      Value data = LLVM::IntToPtrOp::create(b, ptr(), number);
      Value place = LLVM::ConstantOp::create(b, b.getI32IntegerAttr(index)), rank = LLVM::ConstantOp::create(b, b.getI32IntegerAttr(memref.getRank()));
      abi::call(b, loc, theCall, Entry::Output, {place, data, rank, dims}, {});
    }
    func::ReturnOp::create(b);
  }

  ModuleOp module;
  LLVMTypeConverter converter;
  llvm::StringSet<> checking; ///< kernels that may fail
  llvm::StringMap<std::string> messages;
};

} // namespace

void adaptFunctions(ModuleOp module) { Adapter(module).run(); }

} // namespace moe::abi
