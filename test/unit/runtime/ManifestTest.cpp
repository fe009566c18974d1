//===- ManifestTest.cpp ------------------------------------------------------------------------------------------------===//
#include "file.h"
#include "manifest.h"
#include "moert/abi.h"
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <random>

using namespace moert;

namespace {

std::string sample() {
  nlohmann::ordered_json json = {
      {"format", "moe"},
      {"version", 1},
      {"abi", MOERT_ABI_VERSION},
      {"targets", {{{"name", "cpu"}, {"device", "cpu"}, {"code", "c"}, {"isas", {"avx2"}}, {"params", {0}}}}},
      {"entries",
       {{{"name", "main"}, {"inputs", {{{"name", "x"}, {"type", "bfloat16"}, {"dims", {"s0", 3, ""}}}}}, {"outputs", nlohmann::ordered_json::array()}, {"equal", {{"s0", "s1"}}}}}},
      {"params", {{{"name", "w"}, {"file", "f"}, {"offset", 64}, {"length", 36}}}},
      {"files", {{"c", {{"bytes", 5}, {"xxh3", "a"}}}, {"f", {{"bytes", 100}, {"xxh3", "b"}}}}}};
  json["state"] = {{{"name", "s"}, {"type", "float32"}, {"dims", {"s0", "p"}}, {"axis", 1}}};
  json["entries"][0]["equal"] = nlohmann::ordered_json::array({{"s0", "s1"}});
  json["digest"] = digest(json.dump());
  return json.dump(1);
}

TEST(ManifestTest, Reads) {
  Manifest manifest;
  Status status = parseManifest(sample(), manifest);
  ASSERT_FALSE(status) << status.message();
  ASSERT_EQ(manifest.entries.size(), 1u);
  const Value &x = manifest.entries[0].inputs.at(0);
  EXPECT_EQ(x.type, MOERT_BFLOAT16);
  EXPECT_EQ(x.dims, (std::vector<int64_t>{-1, 3, -1}));
  EXPECT_EQ(x.expressions, (std::vector<std::string>{"s0", "3", ""}));
  EXPECT_EQ(manifest.entries[0].equal.at(0), std::pair(std::string("s0"), std::string("s1")));
  EXPECT_EQ(manifest.states.at(0).value.name, "s");
  EXPECT_EQ(manifest.states.at(0).axis, 1);
  EXPECT_EQ(manifest.params.at(0).length, 36);
  EXPECT_EQ(manifest.files.at("f").bytes, 100);
}

TEST(ManifestTest, CutOffAnywhere) {
  std::string text = sample();
  for (size_t size = 0; size < text.size(); ++size) {
    Manifest manifest;
    ASSERT_TRUE(parseManifest(std::string_view(text).substr(0, size), manifest)) << size;
    ASSERT_TRUE(manifest.entries.empty());
  }
}

TEST(ManifestTest, RandomDamage) {
  std::mt19937 random(11);
  std::string text = sample();
  for (int round = 0; round < 5000; ++round) {
    std::string damaged = text;
    for (int i = int(random() % 4); i >= 0; --i)
      damaged[random() % damaged.size()] = char(random());
    Manifest manifest;
    Status status = parseManifest(damaged, manifest);
    EXPECT_TRUE(status || damaged == text || nlohmann::json::parse(damaged) == nlohmann::json::parse(text));
  }
}

TEST(ManifestTest, Digests) {
  // The values of the reference implementation (xxhsum -H2).
  EXPECT_EQ(digest(""), "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(digest("abc"), "06b05ab6733a618578af5f94892f3950");
}

TEST(ManifestTest, PlainNames) {
  for (const char *good : {"a", "a.b", "..a", "weights.q8.safetensors", "-"})
    EXPECT_TRUE(isPlainName(good)) << good;
  for (std::string_view bad : {std::string_view(""), std::string_view("."), std::string_view(".."), std::string_view("/"), std::string_view("a/b"), std::string_view("../a"), std::string_view("a\0b", 3)})
    EXPECT_FALSE(isPlainName(bad)) << bad;
}

} // namespace
