//===- Writer.cpp - writing an artefact -------------------------------------------------------------------------===//
#include "moe/Artefact/Writer.h"
#include "Weights.h"
#include "moe/Dialect/Rt.h"
#include "moe/Schema/Convert.h"
#include "moe/Support/Pending.h"
#include "moert/abi.h"
#include "llvm/Support/FileSystem.h"
#include <fstream>
#include <nlohmann/json.hpp>

#define XXH_INLINE_ALL
#include <xxhash.h>

using namespace mlir;
using nlohmann::ordered_json;

namespace moe {
namespace {

/// XXH3-128 in hexadecimal.
std::string text(XXH128_hash_t hash) { return llvm::utohexstr(hash.high64, true, 16) + llvm::utohexstr(hash.low64, true, 16); }

std::string digest(StringRef bytes) { return text(XXH3_128bits(bytes.data(), bytes.size())); }

/// The same of a file, a piece at a time: weights need not fit into memory.
std::string fileDigest(const std::string &path) {
  std::vector<char> piece(1 << 20);
  std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(), XXH3_freeState);
  XXH3_128bits_reset(state.get());
  std::ifstream file(path, std::ios::binary);
  while (file.read(piece.data(), piece.size()), file.gcount() > 0)
    XXH3_128bits_update(state.get(), piece.data(), size_t(file.gcount()));
  return text(XXH3_128bits_digest(state.get()));
}

/// The element type's name in numpy: float32, int64, uint8, bool, bfloat16.
std::string typeName(Type element) {
  if (auto integer = dyn_cast<IntegerType>(element)) {
    if (integer.getWidth() == 1)
      return "bool";
    return (integer.isUnsigned() ? "uint" : "int") + std::to_string(integer.getWidth());
  }
  if (element.isBF16())
    return "bfloat16";
  if (element.getIntOrFloatBitWidth() >= 16)
    return "float" + std::to_string(element.getIntOrFloatBitWidth());
  std::string text;
  llvm::raw_string_ostream(text) << element;
  return StringRef(text).lower();
}

/// [{name, type, dims}]: a dim is a number or an expression; states also have the axis that grows, or -1.
ordered_json values(ArrayAttr list) {
  ordered_json result = ordered_json::array();
  for (auto value : list.getAsRange<DictionaryAttr>()) {
    auto type = cast<TensorType>(value.getAs<TypeAttr>("type").getValue());
    ordered_json dims = ordered_json::array();
    auto names = value.getAs<ArrayAttr>("dims");
    for (auto [axis, length] : llvm::enumerate(cast<RankedTensorType>(type).getShape())) {
      if (ShapedType::isDynamic(length))
        dims.push_back(axis < names.size() ? cast<StringAttr>(names[axis]).str() : "");
      else
        dims.push_back(length);
    }
    result.push_back({{"name", value.getAs<StringAttr>("name").str()}, {"type", typeName(type.getElementType())}, {"dims", dims}});
    if (auto axis = value.getAs<IntegerAttr>("axis"))
      result.back()["axis"] = axis.getInt();
  }
  return result;
}

ordered_json entries(ModuleOp module) {
  ordered_json result = ordered_json::array();
  auto list = module->getAttrOfType<ArrayAttr>(rt::kEntriesAttr);
  for (auto entry : list.getAsRange<DictionaryAttr>()) {
    ordered_json equal = ordered_json::array();
    for (auto pair : entry.getAs<ArrayAttr>("equal").getAsRange<ArrayAttr>())
      equal.push_back({cast<StringAttr>(pair[0]).str(), cast<StringAttr>(pair[1]).str()});
    result.push_back({{"name", entry.getAs<StringAttr>("name").str()},
                      {"inputs", values(entry.getAs<ArrayAttr>("inputs"))},
                      {"outputs", values(entry.getAs<ArrayAttr>("outputs"))},
                      {"equal", equal}});
  }
  return result;
}

/// What the manifest says of a target.
ordered_json describe(const Target &target, const TargetCode &code, const std::vector<int32_t> &params) {
  ordered_json result = {{"name", target.name()}, {"device", target.device()}, {"code", code.host}, {"isas", code.isas}, {"params", params}};
  if (!code.device.empty())
    result["kernels"] = {{"file", code.device}, {"names", code.kernels}, {"messages", code.messages}};
  return result;
}

} // namespace

LogicalResult writeArtefact(ArrayRef<LoweredModule> modules, StringRef path, const CompileOptions &options) {
  ModuleOp first = modules.front().module;
  auto fail = [&](const Twine &what, std::error_code error) { return first.emitError("stage emit: ") << what << ": " << error.message(); };
  for (const LoweredModule &lowered : modules)
    if (!lowered.module->getAttrOfType<ArrayAttr>(rt::kParamsAttr) || !lowered.module->getAttrOfType<ArrayAttr>(rt::kEntriesAttr))
      return first.emitError("stage emit: the module does not say what its entries are; was it scheduled?");
  Pending folder(path);
  if (std::error_code error = folder.createFolder())
    return fail("cannot create " + path, error);

  WeightList weights;
  std::vector<std::string> files = {"weights.safetensors"};
  ordered_json targets = ordered_json::array();
  for (auto [target, module] : modules) {
    options.report("code for " + target->name());
    std::vector<int32_t> params;
    TargetCode code;
    if (failed(weights.add(module, target->name(), module->getAttrOfType<ArrayAttr>(rt::kParamsAttr), params)) ||
        failed(target->emit(module, options, folder.file(""), code)))
      return failure();
    for (const std::string &name : {code.host, code.device})
      if (!name.empty())
        files.push_back(name);
    targets.push_back(describe(*target, code, params));
  }
  std::vector<WeightPlace> places;
  {
    std::error_code error;
    llvm::raw_fd_ostream file(folder.file("weights.safetensors"), error);
    if (error)
      return fail("cannot write the weights", error);
    if (failed(weights.write(file, places, [&](double share) { options.report("weights", share); })))
      return failure();
    file.close();
    if (file.has_error()) {
      error = file.error();
      file.clear_error();
      return fail("cannot write the weights", error);
    }
  }

  ordered_json manifest;
  manifest["format"] = "moe";
  manifest["version"] = 1;
  manifest["abi"] = MOERT_ABI_VERSION;
  manifest["targets"] = targets;
  manifest["entries"] = entries(first);
  manifest["state"] = values(first->getAttrOfType<ArrayAttr>(rt::kStatesAttr));
  ordered_json params = ordered_json::array();
  for (const WeightPlace &place : places) {
    params.push_back({{"name", place.name}, {"file", "weights.safetensors"}, {"offset", place.offset}, {"length", place.length}});
    if (!place.role.empty())
      params.back().update({{"role", place.role}, {"format", place.format}});
  }
  manifest["params"] = params;
  for (const std::string &name : files) {
    uint64_t size = 0;
    llvm::sys::fs::file_size(folder.file(name), size);
    manifest["files"][name] = {{"bytes", size}, {"xxh3", fileDigest(folder.file(name))}};
  }
  manifest["digest"] = digest(manifest.dump()); // of all that is before it
  {
    std::error_code error;
    llvm::raw_fd_ostream file(folder.file("manifest.json"), error);
    if (error)
      return fail("cannot write the manifest", error);
    file << manifest.dump(1) << "\n";
  }
  if (std::error_code error = folder.commit())
    return fail("cannot finish " + path, error);
  return success();
}

} // namespace moe
