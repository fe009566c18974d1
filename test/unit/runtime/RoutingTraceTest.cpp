//===- RoutingTraceTest.cpp - which experts the tokens went to ------------------------------------------------------===//
#include "RoutingTrace.h"
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>

using namespace moerun;

namespace {

void add(RoutingTrace &trace, int32_t layer, int32_t experts, int64_t slots, const std::vector<int32_t> &ids) {
  trace.add({layer, experts, int64_t(ids.size()) / slots, slots, ids.data(), 100 * (layer + 1)});
}

std::string refusal(const RoutingTrace &trace, const std::string &path) {
  try {
    trace.write(path);
  } catch (const Failure &failure) {
    return failure.what();
  }
  return "written";
}

TEST(RoutingTraceTest, SumsAndFile) {
  RoutingTrace trace(/*keepRuns=*/true);
  add(trace, 0, 4, 2, {3, 1, 0, -1});
  add(trace, 1, 2, 1, {1, 1});
  add(trace, 0, 4, 2, {3, 0});
  add(trace, 1, 2, 1, {0});
  EXPECT_EQ(trace.layers()[0].use, (std::vector<int64_t>{2, 1, 0, 2}));
  EXPECT_EQ(trace.layers()[1].use, (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(trace.unreadBytes(), 100); // of expert 2 of the first layer
  std::string path = testing::TempDir() + "routing-trace.json";
  ASSERT_EQ(refusal(trace, path), "written");
  std::ifstream file(path);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), R"({"format": "moe-routing", "version": 1,
 "layers": [{"experts": 4, "slots": 2}, {"experts": 2, "slots": 1}],
 "runs": [[[3,1,0,-1],[1,1]],
[[3,0],[0]]]}
)");
  std::filesystem::remove(path);
}

TEST(RoutingTraceTest, RunsThroughDifferentLayersAreRefused) {
  std::string path = testing::TempDir() + "no-routing-trace.json";
  RoutingTrace bank(/*keepRuns=*/true), count(/*keepRuns=*/true);
  add(bank, 0, 4, 2, {3, 1});
  add(bank, 0, 5, 2, {3, 1});
  add(count, 0, 4, 2, {3, 1});
  add(count, 1, 4, 2, {3, 1});
  add(count, 0, 4, 2, {3, 1});
  for (const RoutingTrace *trace : {&bank, &count})
    EXPECT_NE(refusal(*trace, path).find("the runs came to different expert layers"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(path));
}

} // namespace
