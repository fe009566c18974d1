//===- Weights.cpp - the bytes of weights, and their file -------------------------------------------------------===//
#include "Weights.h"
#include "moe/Reference/Interpreter.h"
#include "moe/Support/Bytes.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MemoryBuffer.h"
#include <nlohmann/json.hpp>

using namespace mlir;

namespace moe {
namespace {

constexpr int64_t kPage = 4096, kAlign = 64;

int64_t roundUp(int64_t value, int64_t to) { return (value + to - 1) / to * to; }

/// The elements of a constant as they lie in memory.
std::string bytesOf(ElementsAttr value) {
  auto dense = cast<DenseElementsAttr>(value);
  Type element = dense.getElementType();
  int64_t count = dense.getNumElements();
  if (element.isInteger(1)) {
    std::string bytes;
    for (bool bit : dense.getValues<bool>())
      bytes.push_back(bit);
    return bytes;
  }
  StringRef raw(dense.getRawData().data(), dense.getRawData().size());
  std::string bytes;
  for (int64_t i = 0; dense.isSplat() && i < count; ++i)
    bytes += raw;
  return dense.isSplat() ? bytes : raw.str();
}

LogicalResult writeOne(ParamOp param, raw_ostream &out) {
  if (param.getValue()) {
    out << bytesOf(*param.getValue());
    return success();
  }
  if (!param.getInit().empty()) {
    // One interpreter per weight: what it was computed from does not stay in memory.
    auto value = Interpreter(param->getParentOfType<ModuleOp>()).param(param.getSymName());
    if (!value)
      return param.emitError("stage emit: the weight cannot be computed: ") << llvm::toString(value.takeError());
    int64_t size = byteSize(cast<RankedTensorType>(param.getType()));
    out << StringRef(value->data(), size);
    return success();
  }
  FileAttr file = *param.getFile();
  auto buffer = llvm::MemoryBuffer::getFileSlice(file.getPath(), file.getLength(), file.getOffset());
  if (!buffer)
    return param.emitError("cannot read ") << file.getPath() << ": " << buffer.getError().message();
  if (int64_t((*buffer)->getBufferSize()) != file.getLength())
    return param.emitError("cannot read ") << file.getPath() << ": the file has changed";
  out << (*buffer)->getBuffer();
  return success();
}

} // namespace

LogicalResult WeightList::add(ModuleOp module, StringRef target, ArrayAttr names, std::vector<int32_t> &numbers) {
  SymbolTable symbols(module);
  for (Attribute attr : names) {
    std::string name = cast<StringAttr>(attr).str();
    auto param = symbols.lookup<ParamOp>(name);
    if (!param)
      return module.emitError("stage emit: no weight is called ") << attr;
    auto [known, isNew] = places.try_emplace(name, int32_t(weights.size()));
    if (!isNew && !OperationEquivalence::isEquivalentTo(param, weights[known->second].param, OperationEquivalence::IgnoreLocations)) {
      // Another target's weight of this name is computed in another way.
      name += "@" + target.str();
      std::tie(known, isNew) = places.try_emplace(name, int32_t(weights.size()));
    }
    if (isNew)
      weights.push_back({name, param});
    numbers.push_back(known->second);
  }
  return success();
}

LogicalResult WeightList::write(llvm::raw_pwrite_stream &file, std::vector<WeightPlace> &written, llvm::function_ref<void(double)> progress) {
  nlohmann::ordered_json header;
  int64_t at = 0;
  for (auto &[name, param] : weights) {
    int64_t length = byteSize(cast<RankedTensorType>(param.getType()));
    // Padding belongs to the tensor before it: the format allows no holes.
    int64_t end = roundUp(at + length, kAlign);
    header[name] = {{"dtype", "U8"}, {"shape", {end - at}}, {"data_offsets", {at, end}}};
    written.push_back({name, param.getRole().value_or("").str(), param.getFormat().value_or("").str(), at, length});
    at = end;
  }
  std::string text = header.empty() ? "{}" : header.dump();
  int64_t start = roundUp(8 + int64_t(text.size()), kPage);
  text.append(start - 8 - text.size(), ' ');
  char size[8];
  llvm::support::endian::write64le(size, text.size());
  file.write(size, 8);
  file << text;
  for (auto [weight, place] : llvm::zip(weights, written)) {
    progress(double(place.offset) / double(at));
    if (failed(writeOne(weight.param, file)))
      return failure();
    file.write_zeros(roundUp(place.length, kAlign) - place.length);
    place.offset += start;
  }
  return success();
}

} // namespace moe
