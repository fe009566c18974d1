//===- ModuleTest.cpp - artefacts, good and bad -----------------------------------------------------------------------===//
#include "Suite.h"
#include <random>

using namespace moert::cts;
using Json = SampleArtefact::Json;

namespace {

/// Expects that loading fails with `code` and a message that holds `part`.
void expectRefused(const SampleArtefact &artefact, moert_code code, const std::string &part, moert_module_options options = {}) {
  Module module{nullptr, moert_module_free};
  Result result = load(artefact.path, module, options);
  EXPECT_EQ(result.code(), code) << result.message();
  EXPECT_NE(result.message().find(part), std::string::npos) << result.message();
  EXPECT_EQ(module, nullptr);
}

TEST(ModuleTest, Describes) {
  SampleArtefact artefact;
  Module module{nullptr, moert_module_free};
  ASSERT_EQ(load(artefact.path, module).code(), MOERT_OK);
  EXPECT_EQ(moert_module_num_targets(module.get()), 1);
  EXPECT_STREQ(moert_module_target(module.get(), 0), "cpu");
  EXPECT_EQ(moert_module_target(module.get(), 1), nullptr);
  EXPECT_STREQ(moert_module_chosen_target(module.get()), "cpu");
  EXPECT_EQ(moert_module_weight_bytes(module.get()), 16);
  EXPECT_EQ(moert_module_find_entry(module.get(), "nothing"), -1);
  int32_t entry = moert_module_find_entry(module.get(), "shared");
  EXPECT_STREQ(moert_module_entry(module.get(), entry), "shared");
  EXPECT_EQ(moert_module_num_inputs(module.get(), entry), 0);
  ASSERT_EQ(moert_module_num_outputs(module.get(), entry), 4);
  EXPECT_EQ(moert_module_output(module.get(), entry, 0)->dims[0], 4);
  const moert_value_info *x = moert_module_input(module.get(), 0, 0);
  EXPECT_STREQ(x->name, "x");
  EXPECT_EQ(x->type, MOERT_FLOAT32);
  EXPECT_EQ(x->rank, 1);
  EXPECT_EQ(x->dims[0], -1);
  EXPECT_STREQ(x->expressions[0], "n");
  EXPECT_EQ(moert_module_input(module.get(), 0, 1), nullptr);
  EXPECT_EQ(moert_module_input(module.get(), 99, 0), nullptr);
}

TEST(ModuleTest, InstructionSetIsChosenPerModule) {
  SampleArtefact artefact;
  Module best{nullptr, moert_module_free}, least{nullptr, moert_module_free};
  ASSERT_EQ(load(artefact.path, best).code(), MOERT_OK);
  ASSERT_EQ(load(artefact.path, least, {nullptr, "avx2"}).code(), MOERT_OK);
  EXPECT_STREQ(moert_module_chosen_isa(least.get()), "avx2");
  auto level = [](moert_module *module) {
    Session session = open(module);
    std::vector<moert_tensor> outputs;
    EXPECT_EQ(run(module, session.get(), "level", {}, outputs).code(), MOERT_OK);
    return elements<int32_t>(outputs[0])[0];
  };
  EXPECT_EQ(level(least.get()), 0);
  std::string name = moert_module_chosen_isa(best.get());
  EXPECT_EQ(level(best.get()), name == "amx" ? 2 : name == "avx512" ? 1 : 0);
  expectRefused(artefact, MOERT_INVALID_ARGUMENT, "'sse'", {nullptr, "sse"});
  expectRefused(artefact, MOERT_INVALID_ARGUMENT, "no target 'nvidia'", {"nvidia", nullptr});
}

TEST(ModuleTest, InputsThatDoNotFit) {
  SampleArtefact artefact;
  Module module{nullptr, moert_module_free};
  ASSERT_EQ(load(artefact.path, module).code(), MOERT_OK);
  Session session = open(module.get());
  std::vector<moert_tensor> outputs;
  std::vector<int64_t> integers = {1};
  Result result = run(module.get(), session.get(), "scale", {view(integers)}, outputs);
  EXPECT_EQ(result.code(), MOERT_INVALID_ARGUMENT);
  EXPECT_EQ(result.message(), "input 'x' has type int64, the model wants float32");
  result = run(module.get(), session.get(), "scale", {}, outputs);
  EXPECT_EQ(result.message(), "entry 'scale' has 1 inputs, 0 were given");
  outputs.resize(1);
  EXPECT_EQ(Result(moert_session_run(session.get(), 77, nullptr, 0, outputs.data(), 1)).code(), MOERT_INVALID_ARGUMENT);
  EXPECT_EQ(Result(moert_session_run(session.get(), -1, nullptr, 0, outputs.data(), 1)).code(), MOERT_INVALID_ARGUMENT);
}

TEST(ModuleTest, UnknownDevice) {
  SampleArtefact artefact;
  Module module{nullptr, moert_module_free};
  ASSERT_EQ(load(artefact.path, module).code(), MOERT_OK);
  moert_session *session = nullptr;
  moert_session_options options{"abacus", 0};
  EXPECT_EQ(Result(moert_session_create(module.get(), &options, &session)).message(), "there is no device 'abacus'");
  options = {nullptr, -1};
  EXPECT_EQ(Result(moert_session_create(module.get(), &options, &session)).code(), MOERT_INVALID_ARGUMENT);
}

TEST(ModuleTest, MissingFiles) {
  for (const char *name : {"manifest.json", "code.cpu.so", "weights.safetensors"}) {
    SampleArtefact artefact;
    std::filesystem::remove(artefact.file(name));
    expectRefused(artefact, MOERT_INVALID_ARTEFACT, std::string(name) + " is missing");
  }
  Module module{nullptr, moert_module_free};
  EXPECT_EQ(load("/nonexistent/model.moe", module).code(), MOERT_IO);
  SampleArtefact artefact;
  EXPECT_EQ(load(artefact.file("manifest.json"), module).code(), MOERT_INVALID_ARTEFACT);
}

TEST(ModuleTest, LinksAndFoldersAreRefused) {
  for (const char *name : {"manifest.json", "code.cpu.so", "weights.safetensors"}) {
    SampleArtefact artefact;
    std::filesystem::path elsewhere = artefact.path / "elsewhere";
    std::filesystem::rename(artefact.file(name), elsewhere);
    std::filesystem::create_symlink(elsewhere, artefact.file(name));
    expectRefused(artefact, MOERT_INVALID_ARTEFACT, "symbolic link");
    std::filesystem::remove(artefact.file(name));
    std::filesystem::create_directory(artefact.file(name));
    expectRefused(artefact, MOERT_INVALID_ARTEFACT, "not a regular file");
  }
}

TEST(ModuleTest, TruncatedFiles) {
  for (const char *name : {"code.cpu.so", "weights.safetensors"}) {
    SampleArtefact artefact;
    std::string bytes = artefact.read(name);
    for (size_t size : {size_t(0), size_t(1), bytes.size() / 2, bytes.size() - 1}) {
      artefact.write(name, bytes.substr(0, size));
      expectRefused(artefact, MOERT_INVALID_ARTEFACT, "bytes, the manifest says");
    }
    artefact.write(name, bytes + "x");
    expectRefused(artefact, MOERT_INVALID_ARTEFACT, "bytes, the manifest says");
  }
}

TEST(ModuleTest, FlippedBits) {
  std::mt19937 random(1);
  for (const char *name : {"code.cpu.so", "weights.safetensors"}) {
    SampleArtefact artefact;
    std::string bytes = artefact.read(name);
    for (int round = 0; round < 20; ++round) {
      std::string damaged = bytes;
      damaged[random() % bytes.size()] ^= char(1 << random() % 8);
      artefact.write(name, damaged);
      expectRefused(artefact, MOERT_INVALID_ARTEFACT, "its digest differs");
    }
  }
}

TEST(ModuleTest, ManifestCutOffAnywhere) {
  SampleArtefact artefact;
  std::string text = artefact.read("manifest.json");
  Module module{nullptr, moert_module_free};
  for (size_t size = 0; size + 1 < text.size(); size += 17) {
    artefact.write("manifest.json", text.substr(0, size));
    ASSERT_EQ(load(artefact.path, module).code(), MOERT_INVALID_ARTEFACT) << size;
  }
}

TEST(ModuleTest, ManifestWithFlippedBits) {
  SampleArtefact artefact;
  std::string text = artefact.read("manifest.json");
  Module module{nullptr, moert_module_free};
  for (size_t at = 0; at < text.size(); at += 13) {
    std::string damaged = text;
    damaged[at] ^= char(1 << at % 8);
    artefact.write("manifest.json", damaged);
    Json before = Json::parse(text), after = Json::parse(damaged, nullptr, false);
    if (after != before) // a changed blank changes nothing
      ASSERT_EQ(load(artefact.path, module).code(), MOERT_INVALID_ARTEFACT) << at;
  }
}

/// A manifest that was written so, with the right digest.
struct BadManifest {
  const char *what;
  std::function<void(Json &)> change;
  const char *message;
};

TEST(ModuleTest, ManifestsThatMakeNoSense) {
  const BadManifest kCases[] = {
      {"no format", [](Json &m) { m.erase("format"); }, "'format'"},
      {"other version", [](Json &m) { m["version"] = 2; }, "version 2, this runtime reads version 1"},
      {"other ABI", [](Json &m) { m["abi"] = 7; }, "ABI 7"},
      {"no targets", [](Json &m) { m["targets"] = Json::array(); }, "no targets"},
      {"no entries", [](Json &m) { m["entries"] = Json::array(); }, "no entries"},
      {"absolute path", [](Json &m) { m["files"]["/etc/passwd"] = {{"bytes", 1}, {"xxh3", ""}}; }, "'/etc/passwd' is not the name"},
      {"path upwards", [](Json &m) { m["files"]["../x"] = {{"bytes", 1}, {"xxh3", ""}}; }, "'../x' is not the name"},
      {"the folder itself", [](Json &m) { m["files"][".."] = {{"bytes", 1}, {"xxh3", ""}}; }, "is not the name"},
      {"unlisted code", [](Json &m) { m["targets"][0]["code"] = "other.so"; }, "'other.so', which 'files' does not list"},
      {"unlisted weights", [](Json &m) { m["params"][0]["file"] = "/dev/zero"; }, "which 'files' does not list"},
      {"weight beyond the file", [](Json &m) { m["params"][0]["length"] = 4097; }, "ends outside"},
      {"weight far beyond", [](Json &m) { m["params"][0]["offset"] = INT64_MAX - 63; }, "ends outside"},
      {"misaligned weight", [](Json &m) { m["params"][0]["offset"] = 4097; }, "not aligned"},
      {"negative number", [](Json &m) { m["params"][0]["length"] = -1; }, "whole number"},
      {"huge number", [](Json &m) { m["params"][0]["length"] = UINT64_MAX; }, "whole number"},
      {"fraction", [](Json &m) { m["params"][0]["length"] = 1.5; }, "whole number"},
      {"text for number", [](Json &m) { m["params"][0]["length"] = "16"; }, "whole number"},
      {"number for text", [](Json &m) { m["params"][0]["name"] = 3; }, "'name'"},
      {"unknown type", [](Json &m) { m["entries"][0]["inputs"][0]["type"] = "complex64"; }, "unknown type 'complex64'"},
      {"too many axes", [](Json &m) { m["entries"][0]["inputs"][0]["dims"] = std::vector<int>(17, 1); }, "17 axes"},
      {"negative length", [](Json &m) { m["entries"][0]["inputs"][0]["dims"][0] = -3; }, "whole number"},
      {"equality of one", [](Json &m) { m["entries"][0]["equal"] = Json::array({Json::array({"n"})}); }, "not a pair"},
      {"unknown entry", [](Json &m) { m["entries"][0]["name"] = "other"; }, "no code for entry 'other'"},
      {"unknown instruction set", [](Json &m) { m["targets"][0]["isas"] = {"avx10"}; }, "'avx10'"},
      {"list for object", [](Json &m) { m["files"] = Json::array(); }, "'files'"},
      {"object for list", [](Json &m) { m["entries"] = Json::object(); }, "'entries'"},
  };
  for (const BadManifest &bad : kCases) {
    SCOPED_TRACE(bad.what);
    SampleArtefact artefact(bad.change);
    expectRefused(artefact, MOERT_INVALID_ARTEFACT, bad.message);
  }
}

TEST(ModuleTest, ManifestsThatAreNoJson) {
  SampleArtefact artefact;
  for (const std::string &text : {std::string(), std::string("null"), std::string("[]"), std::string("{\"version\": 1e999}"), std::string(100000, '['),
                                  std::string(100000, '{'), std::string("{\"a\":\"\xff\"}"), std::string("{}")}) {
    artefact.write("manifest.json", text);
    expectRefused(artefact, MOERT_INVALID_ARTEFACT, "manifest.json");
  }
}

TEST(ModuleTest, TargetsOfOtherDevices) {
  SampleArtefact artefact([](Json &manifest) { 
    manifest["targets"][0]["name"] = "toy:1";
    manifest["targets"][0]["device"] = "toy";
  });
  expectRefused(artefact, MOERT_UNSUPPORTED, "no target of the artefact runs here; the artefact has: toy:1");
  expectRefused(artefact, MOERT_UNSUPPORTED, "no device 'toy'", {"toy:1", nullptr});
}

TEST(ModuleTest, CodeThatIsNoCode) {
  SampleArtefact artefact([](Json &manifest) {
    manifest["targets"][0]["code"] = "weights.safetensors"; // its digest is right
  });
  expectRefused(artefact, MOERT_INVALID_ARTEFACT, "cannot load weights.safetensors");
}

TEST(ModuleTest, NullArguments) {
  moert_module *module = nullptr;
  EXPECT_EQ(Result(moert_module_load(nullptr, nullptr, &module)).code(), MOERT_INVALID_ARGUMENT);
  EXPECT_EQ(Result(moert_module_load("x", nullptr, nullptr)).code(), MOERT_INVALID_ARGUMENT);
  EXPECT_EQ(Result(moert_session_create(nullptr, nullptr, nullptr)).code(), MOERT_INVALID_ARGUMENT);
  EXPECT_EQ(Result(moert_session_run(nullptr, 0, nullptr, 0, nullptr, 0)).code(), MOERT_INVALID_ARGUMENT);
  moert_module_free(nullptr);
  moert_session_free(nullptr);
  moert_buffer_free(nullptr);
  moert_status_free(nullptr);
  EXPECT_EQ(moert_status_code(nullptr), MOERT_OK);
  EXPECT_EQ(moert_type_name(moert_type(99)), nullptr);
}

} // namespace
