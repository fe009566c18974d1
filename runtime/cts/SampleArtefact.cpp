//===- SampleArtefact.cpp - an artefact around sample_code.c --------------------------------------------------------===//
#include "SampleArtefact.h"
#include "file.h"
#include "moert/abi.h"
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

namespace moert::cts {
namespace {

using Json = SampleArtefact::Json;

std::string readFile(const std::filesystem::path &path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

Json value(const char *name, const char *type, Json dims) { return {{"name", name}, {"type", type}, {"dims", std::move(dims)}}; }

Json entry(const char *name, Json inputs, Json outputs) {
  return {{"name", name}, {"inputs", std::move(inputs)}, {"outputs", std::move(outputs)}, {"equal", Json::array()}};
}

Json entries() {
  Json n = Json::array({"n"}), four = Json::array({4}), scalar = Json::array();
  auto one = [](Json item) { return Json::array({std::move(item)}); };
  Json x = one(value("x", "float32", n)), y = one(value("y", "float32", n)), number = one(value("number", "int64", scalar));
  return Json::array(
      {entry("scale", x, y), entry("tasks", Json::array({value("n", "int64", scalar), value("cost", "int64", scalar)}), one(value("counts", "int32", n))),
       entry("pass", x, Json::array({value("y", "float32", n), value("z", "float32", n)})),
       entry("shared", Json::array(), Json::array({value("a", "float32", four), value("b", "float32", four), value("c", "float32", four), value("d", "float32", four)})),
       entry("refuse", one(value("x", "int64", n)), one(value("y", "int64", n))), entry("memory", number, one(value("same", "int64", scalar))),
       entry("wrong", number, y), entry("host", x, y), entry("route", one(value("ids", "int64", Json::array({"n", 2}))), one(value("same", "int64", Json::array({"n", 2})))),
       entry("level", Json::array(), one(value("level", "int32", scalar))),
       entry("grow", one(value("x", "float32", Json::array({"batch", "n", 2}))), one(value("y", "float32", Json::array({"batch", "length + n", 2})))),
       entry("last", x, y)});
}

Json states() {
  Json rows = value("rows", "float32", Json::array({"batch", "length", 2})), last = value("last", "float32", Json::array({"m"}));
  rows["axis"] = 1;
  last["axis"] = -1;
  return Json::array({rows, last});
}

} // namespace

SampleArtefact::SampleArtefact(const std::function<void(Json &manifest)> &change) {
  std::string pattern = (std::filesystem::temp_directory_path() / "moert-cts-XXXXXX").string();
  if (!::mkdtemp(pattern.data()))
    throw std::runtime_error("cannot make a folder for the sample artefact");
  path = pattern;
  std::string weights(8192, '\0');
  float values[] = {3, 2, 1, 0};
  std::memcpy(weights.data() + 4096, values, sizeof values);
  write("weights.safetensors", weights);
  write("code.cpu.so", readFile(MOERT_SAMPLE_CODE));

  Json manifest = {{"format", "moe"},
                   {"version", 1},
                   {"abi", MOERT_ABI_VERSION},
                   {"targets", Json::array({{{"name", "cpu"}, {"device", "cpu"}, {"code", "code.cpu.so"}, {"isas", {"avx2", "avx512", "amx"}}, {"params", {0}}}})},
                   {"entries", entries()},
                   {"state", states()},
                   {"params", Json::array({{{"name", "w"}, {"file", "weights.safetensors"}, {"offset", 4096}, {"length", 16}}})}};
  for (const char *name : {"code.cpu.so", "weights.safetensors"}) {
    std::string bytes = read(name);
    manifest["files"][name] = {{"bytes", bytes.size()}, {"xxh3", digest(bytes)}};
  }
  if (change)
    change(manifest);
  manifest["digest"] = digest(manifest.dump());
  write("manifest.json", manifest.dump(1));
}

std::string SampleArtefact::read(const std::string &name) const { return readFile(file(name)); }

void SampleArtefact::write(const std::string &name, const std::string &bytes) const {
  std::ofstream(file(name), std::ios::binary | std::ios::trunc) << bytes;
}

} // namespace moert::cts
