//===- manifest.cpp - what an artefact says of itself ----------------------------------------------------------===//
#include "manifest.h"
#include "file.h"
#include "moert/abi.h"
#include "types.h"
#include <algorithm>
#include <nlohmann/json.hpp>

namespace moert {
namespace {

using Json = nlohmann::ordered_json; // keeps the order, which the digest covers

/// Reads members with a check each; the first failure is kept and later reads give empty values.
class Reader {
public:
  Status take() { return std::move(failure); }
  bool bad() const { return bool(failure); }

  template <typename... Parts> void complain(const Parts &...parts) {
    if (!failure)
      failure = fail(MOERT_INVALID_ARTEFACT, "manifest.json: ", parts...);
  }

  const Json &member(const Json &object, const char *name, Json::value_t type) {
    static const Json nothing;
    auto found = object.is_object() ? object.find(name) : object.end();
    if (object.is_object() && found != object.end() && found->type() == type)
      return *found;
    complain("'", name, "' is missing or not ", type == Json::value_t::array ? "a list" : type == Json::value_t::object ? "an object" : "a text");
    return nothing;
  }
  const Json &list(const Json &object, const char *name) { return member(object, name, Json::value_t::array); }
  std::string string(const Json &object, const char *name) {
    const Json &value = member(object, name, Json::value_t::string);
    return value.is_string() ? value.get<std::string>() : "";
  }
  /// A whole number from 0 to 2^63 - 1.
  int64_t number(const Json &value, std::string_view what) {
    if (value.is_number_unsigned() && value.get<uint64_t>() <= uint64_t(INT64_MAX))
      return value.get<int64_t>();
    complain("'", std::string(what), "' is not a whole number from 0 to 9223372036854775807");
    return 0;
  }
  int64_t number(const Json &object, const char *name) {
    auto found = object.is_object() ? object.find(name) : object.end();
    static const Json nothing;
    return number(object.is_object() && found != object.end() ? *found : nothing, std::string_view(name));
  }
  std::string text(const Json &value, const char *what) {
    if (value.is_string())
      return value.get<std::string>();
    complain("'", what, "' holds something that is not a text");
    return "";
  }

private:
  Status failure;
};

Value readValue(Reader &reader, const Json &json) {
  Value value;
  value.name = reader.string(json, "name");
  std::string type = reader.string(json, "type");
  if (auto known = typeNamed(type))
    value.type = *known;
  else
    reader.complain("value '", value.name, "' has the unknown type '", type, "'");
  const Json &dims = reader.list(json, "dims");
  if (dims.size() > MOERT_MAX_RANK)
    reader.complain("value '", value.name, "' has ", dims.size(), " axes; at most ", MOERT_MAX_RANK, " are supported");
  for (const Json &dim : dims) {
    bool known = !dim.is_string();
    value.dims.push_back(known ? reader.number(dim, std::string_view("dims")) : -1);
    value.expressions.push_back(known ? std::to_string(value.dims.back()) : dim.get<std::string>());
  }
  return value;
}

Entry readEntry(Reader &reader, const Json &json) {
  Entry entry;
  entry.name = reader.string(json, "name");
  for (const Json &value : reader.list(json, "inputs"))
    entry.inputs.push_back(readValue(reader, value));
  for (const Json &value : reader.list(json, "outputs"))
    entry.outputs.push_back(readValue(reader, value));
  for (const Json &pair : reader.list(json, "equal")) {
    if (!pair.is_array() || pair.size() != 2) {
      reader.complain("'equal' of entry '", entry.name, "' holds something that is not a pair");
      break;
    }
    entry.equal.emplace_back(reader.text(pair[0], "equal"), reader.text(pair[1], "equal"));
  }
  return entry;
}

StateInfo readState(Reader &reader, const Json &json) {
  StateInfo state{readValue(reader, json)};
  auto axis = json.is_object() ? json.find("axis") : json.end();
  if (json.is_object() && axis != json.end() && axis->is_number_integer() && *axis >= -1 && *axis < int64_t(state.value.dims.size()))
    state.axis = axis->get<int64_t>();
  else
    reader.complain("state '", state.value.name, "' does not say which of its axes grows");
  return state;
}

/// `name` is a key of `files`.
void checkFile(Reader &reader, const Manifest &manifest, const std::string &name, const std::string &user) {
  if (!reader.bad() && !manifest.files.count(name))
    reader.complain(user, " is in '", name, "', which 'files' does not list");
}

void readParams(Reader &reader, const Json &root, Manifest &manifest) {
  for (const Json &json : reader.list(root, "params")) {
    Param param{reader.string(json, "name"), reader.string(json, "file"), reader.number(json, "offset"), reader.number(json, "length")};
    checkFile(reader, manifest, param.file, "weight '" + param.name + "'");
    if (reader.bad())
      return;
    int64_t bytes = manifest.files.at(param.file).bytes;
    if (param.offset > bytes || param.length > bytes - param.offset)
      reader.complain("weight '", param.name, "' ends outside of ", param.file);
    if (param.offset % 64 != 0)
      reader.complain("weight '", param.name, "' is not aligned to 64 bytes");
    manifest.params.push_back(std::move(param));
  }
}

std::vector<std::string> texts(Reader &reader, const Json &object, const char *name) {
  std::vector<std::string> result;
  for (const Json &item : reader.list(object, name))
    result.push_back(reader.text(item, name));
  return result;
}

Target readTarget(Reader &reader, const Json &json, const Manifest &manifest) {
  Target target;
  target.name = reader.string(json, "name");
  target.code = reader.string(json, "code");
  target.isas = texts(reader, json, "isas");
  checkFile(reader, manifest, target.code, "the code of target '" + target.name + "'");
  for (const Json &param : reader.list(json, "params"))
    target.params.push_back(int32_t(std::min<int64_t>(reader.number(param, std::string_view("params")), INT32_MAX)));
  target.device = reader.string(json, "device");
  if (!json.is_object() || !json.contains("kernels"))
    return target;
  const Json &kernels = reader.member(json, "kernels", Json::value_t::object);
  target.deviceCode = reader.string(kernels, "file");
  target.kernels = texts(reader, kernels, "names");
  target.messages = texts(reader, kernels, "messages");
  checkFile(reader, manifest, target.deviceCode, "the device code of target '" + target.name + "'");
  return target;
}

void readFiles(Reader &reader, const Json &root, Manifest &manifest) {
  for (const auto &[name, json] : reader.member(root, "files", Json::value_t::object).items()) {
    if (!isPlainName(name) || name == "manifest.json")
      reader.complain("'", name, "' is not the name of a file inside the artefact");
    manifest.files[name] = {reader.number(json, "bytes"), reader.string(json, "xxh3")};
  }
}

} // namespace

Status parseManifest(std::string_view json, Manifest &manifest) {
  Json root = Json::parse(json.begin(), json.end(), nullptr, /*allow_exceptions=*/false);
  if (!root.is_object())
    return fail(MOERT_INVALID_ARTEFACT, "manifest.json is not a JSON object; it is damaged or cut off");
  Reader reader;
  if (reader.string(root, "format") != "moe")
    reader.complain("'format' is not 'moe'");
  if (int64_t version = reader.number(root, "version"); version != 1)
    reader.complain("the artefact has version ", version, ", this runtime reads version 1; compile the model again");
  if (int64_t abi = reader.number(root, "abi"); abi != MOERT_ABI_VERSION)
    reader.complain("the code is for runtime ABI ", abi, ", this runtime has ABI ", MOERT_ABI_VERSION, "; compile the model again");
  std::string written = reader.string(root, "digest");
  root.erase("digest");
  if (!reader.bad() && written != digest(root.dump()))
    reader.complain("the content is not what was written: its digest differs");
  if (reader.bad())
    return reader.take();

  Manifest result;
  readFiles(reader, root, result);
  for (const Json &item : reader.list(root, "targets"))
    result.targets.push_back(readTarget(reader, item, result));
  for (const Json &entry : reader.list(root, "entries"))
    result.entries.push_back(readEntry(reader, entry));
  for (const Json &state : reader.list(root, "state"))
    result.states.push_back(readState(reader, state));
  readParams(reader, root, result);
  for (Target &target : result.targets)
    for (int32_t param : target.params)
      if (size_t(param) >= result.params.size())
        reader.complain("target '", target.name, "' names weight ", param, " of ", result.params.size());
  if (reader.bad())
    return reader.take();
  if (result.targets.empty() || result.entries.empty())
    return fail(MOERT_INVALID_ARTEFACT, "manifest.json: there are no targets or no entries");
  manifest = std::move(result);
  return {};
}

} // namespace moert
