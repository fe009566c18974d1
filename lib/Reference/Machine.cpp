//===- Machine.cpp - the state that all calls of a run share ----------------------------------------------------===//
#include "Compiler.h"
#include "Lanes.h"
#include "moe/Dialect/Moe.h"
#include "moe/Support/Bytes.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace mlir;

namespace moe::reference {

constexpr int kMaxDepth = 256; ///< nested calls; each takes some of the host's stack

bool Machine::fail(Location location, const Twine &message) {
  if (!failure)
    failure.emplace(location, message.str());
  return false;
}

llvm::Error Machine::takeError() {
  auto [location, message] = *std::exchange(failure, std::nullopt);
  return llvm::make_error<InterpreterError>(location, message);
}

bool Machine::fail(Operation *op, const Twine &message) { return fail(op->getLoc(), op->getName().getStringRef() + ": " + message); }

bool Machine::spend(Operation *op, int64_t operations) {
  workLeft -= operations;
  return workLeft >= 0 || fail(op, "the run takes more than " + Twine(limits.work) + " operations");
}

const Program *Machine::program(func::FuncOp function) {
  std::unique_ptr<Program> &program = programs[function];
  if (program)
    return program.get();
  if (function.isExternal() || !function.getBody().hasOneBlock()) {
    fail(function, "the interpreter needs a body of one block in @" + function.getName());
    return nullptr;
  }
  auto made = std::make_unique<Program>();
  if (!compile(*this, function.getBody().front(), *made))
    return nullptr;
  return (programs[function] = std::move(made)).get();
}

std::optional<std::vector<Tensor>> Machine::call(const Program &program, ArrayRef<Tensor> arguments, Operation *caller) {
  if (depth == kMaxDepth) {
    fail(caller, "more than " + Twine(kMaxDepth) + " nested calls");
    return std::nullopt;
  }
  Frame frame(*this, program.scalars, program.lanes, program.tensors);
  for (auto [slot, value] : llvm::zip_equal(program.arguments, arguments))
    if (slot.isTensor)
      frame.tensors[slot.index] = value;
    else
      *frame.at(slot.index) = toScalar(value);
  ++depth;
  bool done = reference::run(program.steps, frame);
  --depth;
  if (!done)
    return std::nullopt;
  std::vector<Tensor> results;
  for (auto [slot, type] : llvm::zip_equal(program.results, program.resultTypes))
    results.push_back(slot.isTensor ? frame.tensors[slot.index] : toTensor(type, *frame.at(slot.index)));
  return results;
}

//===- weights --------------------------------------------------------------------------------------------------===//

/// The tensor in a file's bytes; elements of less than a byte are packed there, the first in the low bits.
static Tensor fromFile(RankedTensorType type, std::shared_ptr<llvm::MemoryBuffer> buffer) {
  const ElementFormat &format = *ElementFormat::get(type.getElementType());
  const char *data = buffer->getBufferStart();
  unsigned stored = storageBits(type.getElementType());
  if (stored >= 8 && reinterpret_cast<uintptr_t>(data) % format.bytes == 0)
    return Tensor::view(type.getElementType(), type.getShape(), data, buffer);
  Tensor result(type.getElementType(), type.getShape());
  char *to = result.mutableData();
  if (stored >= 8)
    std::memcpy(to, data, buffer->getBufferSize());
  for (int64_t bit = 0; stored < 8 && bit < int64_t(stored) * result.count(); ++bit) {
    char &element = to[bit / stored];
    element = char((bit % stored ? element : 0) | (data[bit / 8] >> (bit % 8) & 1) << (bit % stored));
  }
  return result;
}

static std::optional<Tensor> read(Machine &machine, ParamOp param) {
  FileAttr file = *param.getFile();
  SmallString<256> path(file.getPath());
  if (auto home = dyn_cast<FileLineColLoc>(machine.module.getLoc()); home && llvm::sys::path::is_relative(path)) {
    path = llvm::sys::path::parent_path(home.getFilename().getValue());
    llvm::sys::path::append(path, file.getPath());
  }
  // getFileSlice fills what lies behind the end of a file with zeros.
  uint64_t size = 0;
  std::error_code error = llvm::sys::fs::file_size(path, size);
  if (!error && (file.getOffset() < 0 || uint64_t(file.getOffset()) > size || uint64_t(file.getLength()) > size - uint64_t(file.getOffset()))) {
    machine.fail(param, path + " has " + Twine(size) + " bytes, too few for the range");
    return std::nullopt;
  }
  auto buffer = error ? error : llvm::MemoryBuffer::getFileSlice(path, file.getLength(), file.getOffset());
  if (buffer)
    return fromFile(cast<RankedTensorType>(param.getType()), std::move(*buffer));
  machine.fail(param, "cannot read " + path + ": " + buffer.getError().message());
  return std::nullopt;
}

static std::optional<Tensor> evaluate(Machine &machine, ParamOp param) {
  if (param.getFile())
    return read(machine, param);
  if (param.getValue()) {
    auto value = Tensor::get(*param.getValue());
    if (!value)
      machine.fail(param, "the interpreter cannot read this kind of attribute");
    return value;
  }
  Program program;
  if (!compile(machine, param.getInit().front(), program))
    return std::nullopt;
  auto results = machine.call(program, {}, param);
  return results ? std::optional(results->front()) : std::nullopt;
}

const Tensor *Machine::param(StringRef name, Operation *user) {
  auto [entry, isNew] = params.try_emplace(name);
  if (entry->second)
    return &*entry->second;
  auto param = symbols.lookup<ParamOp>(name);
  if (!isNew || !param) {
    fail(user, "@" + name + (param ? " computes itself" : " is no moe.param"));
    return nullptr;
  }
  std::optional<Tensor> value = evaluate(*this, param);
  if (!value) {
    params.erase(name);
    return nullptr;
  }
  std::optional<Tensor> &kept = params[name];
  kept = std::move(value);
  return &*kept;
}

} // namespace moe::reference
