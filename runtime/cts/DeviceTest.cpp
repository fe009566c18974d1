//===- DeviceTest.cpp - what every device must do --------------------------------------------------------------------===//
#include "Suite.h"
#include "devices.h"
#include <atomic>
#include <numeric>
#include <thread>

using namespace moert::cts;

namespace {

class DeviceTest : public testing::TestWithParam<const char *> {
protected:
  void SetUp() override {
    ASSERT_EQ(load(artefact.path, module).code(), MOERT_OK);
    session = open(3);
  }
  Session open(int32_t threads) { return moert::cts::open(module.get(), {GetParam(), threads}); }
  Result run(const char *entry, const std::vector<moert_tensor> &inputs) { return moert::cts::run(module.get(), session.get(), entry, inputs, outputs); }
  /// The null device does not run kernels: its results have the right shapes and any content.
  bool computes() const { return std::string(GetParam()) != "null"; }

  SampleArtefact artefact;
  Module module{nullptr, moert_module_free};
  Session session{nullptr, moert_session_free};
  std::vector<moert_tensor> outputs;
};

TEST_P(DeviceTest, TableIsComplete) {
  const moert_device_table *table = moert::deviceNamed(GetParam());
  ASSERT_NE(table, nullptr);
  EXPECT_STREQ(table->name, GetParam());
  EXPECT_TRUE(table->open && table->close && table->threads && table->allocate && table->release && table->parallel);
}

TEST_P(DeviceTest, MemoryIsZeroedAlignedAndWritable) {
  const moert_device_table *table = moert::deviceNamed(GetParam());
  moert_device *device = nullptr;
  char message[64] = "";
  ASSERT_EQ(table->open(2, &device, message, sizeof message), MOERT_OK) << message;
  for (int64_t bytes : {int64_t(1), int64_t(4096), int64_t(5) << 20}) {
    auto *memory = static_cast<char *>(table->allocate(device, bytes));
    ASSERT_NE(memory, nullptr);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(memory) % 4096, 0u);
    EXPECT_EQ(std::accumulate(memory, memory + bytes, 0), 0);
    memory[0] = memory[bytes - 1] = 1;
    table->release(device, memory, bytes);
  }
  EXPECT_GE(table->threads(device), 1);
  table->close(device);
}

TEST_P(DeviceTest, EveryTaskRunsOnce) {
  for (int64_t count : {0, 1, 2, 3, 7, 64, 1000, 4099})
    for (int64_t cost : {int64_t(0), int64_t(1), int64_t(100000), INT64_MAX / 2, int64_t(-5)}) {
      Result result = run("tasks", {view(count), view(cost)});
      ASSERT_EQ(result.code(), MOERT_OK) << result.message();
      ASSERT_EQ(outputs[0].dims[0], count);
      if (computes())
        EXPECT_EQ(elements<int32_t>(outputs[0]), std::vector<int32_t>(size_t(count), 1)) << count << " tasks of cost " << cost;
    }
}

TEST_P(DeviceTest, WeightsReachKernels) {
  std::vector<float> x(1000, 2.0f);
  Result result = run("scale", {view(x)});
  ASSERT_EQ(result.code(), MOERT_OK) << result.message();
  if (computes())
    EXPECT_EQ(elements<float>(outputs[0]), std::vector<float>(1000, 6.0f));
  EXPECT_EQ(outputs[0].dims[0], 1000);
}

TEST_P(DeviceTest, EmptyTensors) {
  std::vector<float> none;
  ASSERT_EQ(run("scale", {view(none)}).code(), MOERT_OK);
  EXPECT_EQ(outputs[0].bytes, 0);
  EXPECT_EQ(outputs[0].dims[0], 0);
  moert_tensor null = {nullptr, 0, MOERT_FLOAT32, 1, {0}};
  ASSERT_EQ(run("pass", {null}).code(), MOERT_OK);
}

TEST_P(DeviceTest, OutputsThatShareMemoryAreSeparate) {
  ASSERT_EQ(run("shared", {}).code(), MOERT_OK);
  std::vector<float> start = {0, 1, 2, 3};
  EXPECT_EQ(elements<float>(outputs[0]), start);
  EXPECT_EQ(elements<float>(outputs[1]), start);
  EXPECT_EQ(elements<float>(outputs[2]), (std::vector<float>{16, 17, 18, 19}));
  EXPECT_EQ(elements<float>(outputs[3]), (std::vector<float>{3, 2, 1, 0}));
  EXPECT_NE(outputs[0].data, outputs[1].data);
}

TEST_P(DeviceTest, InputsThatAreOutputsAreCopied) {
  std::vector<float> x = {1, 2, 3};
  ASSERT_EQ(run("pass", {view(x)}).code(), MOERT_OK);
  x[0] = 9;
  EXPECT_EQ(elements<float>(outputs[0]), (std::vector<float>{1, 2, 3}));
  EXPECT_NE(outputs[0].data, outputs[1].data);
}

TEST_P(DeviceTest, OutputsInCallersMemory) {
  std::vector<float> x = {1, 2, 3}, y(3);
  outputs = {view(y), {}};
  ASSERT_EQ(run("pass", {view(x)}).code(), MOERT_OK);
  EXPECT_EQ(outputs[0].data, y.data());
  EXPECT_EQ(y, x);
  std::vector<float> small(2);
  outputs = {view(small), {}};
  Result result = run("pass", {view(x)});
  EXPECT_EQ(result.code(), MOERT_INVALID_ARGUMENT);
  EXPECT_EQ(result.message(), "output 'y' has 12 bytes, the memory given for it has 8");
}

TEST_P(DeviceTest, FailedCheckLeavesTheSessionUsable) {
  std::vector<int64_t> good(100, 1), bad = good;
  bad[50] = -1;
  for (int round = 0; round < 3; ++round) {
    Result result = run("refuse", {view(bad)});
    if (computes()) {
      EXPECT_EQ(result.code(), MOERT_INVALID_ARGUMENT);
      EXPECT_EQ(result.message(), "an element is negative");
    }
    ASSERT_EQ(run("refuse", {view(good)}).code(), MOERT_OK);
    EXPECT_EQ(elements<int64_t>(outputs[0]), good);
  }
}

TEST_P(DeviceTest, NoMemory) {
  int64_t bytes = int64_t(1) << 46;
  EXPECT_EQ(run("memory", {view(bytes)}).code(), MOERT_OUT_OF_MEMORY);
  bytes = INT64_MAX;
  EXPECT_EQ(run("memory", {view(bytes)}).code(), MOERT_OUT_OF_MEMORY);
  bytes = -1;
  EXPECT_EQ(run("memory", {view(bytes)}).code(), MOERT_INVALID_ARGUMENT);
  bytes = 3 << 20;
  EXPECT_EQ(run("memory", {view(bytes)}).code(), MOERT_OK);
}

TEST_P(DeviceTest, CodeThatBreaksTheAbiIsReported) {
  for (int64_t kind = 0; kind < 7; ++kind) {
    EXPECT_EQ(run("wrong", {view(kind)}).code(), MOERT_INTERNAL) << kind;
    moert_session_stats stats;
    moert_session_get_stats(session.get(), &stats);
    EXPECT_EQ(stats.live_bytes, 0) << kind;
  }
}

TEST_P(DeviceTest, SteadyStateAsksForNoMemory) {
  std::vector<float> x(100000, 1.0f);
  moert_session_stats first, last;
  ASSERT_EQ(run("scale", {view(x)}).code(), MOERT_OK);
  ASSERT_EQ(run("scale", {view(x)}).code(), MOERT_OK);
  moert_session_get_stats(session.get(), &first);
  for (int i = 0; i < 100; ++i)
    ASSERT_EQ(run("scale", {view(x)}).code(), MOERT_OK);
  moert_session_get_stats(session.get(), &last);
  EXPECT_EQ(first.reserved_bytes, last.reserved_bytes);
  EXPECT_EQ(first.live_bytes, last.live_bytes);
  EXPECT_EQ(last.runs, 102);
}

TEST_P(DeviceTest, DetachedResultsOutliveTheSession) {
  std::vector<float> x = {1, 2, 3};
  ASSERT_EQ(run("pass", {view(x)}).code(), MOERT_OK);
  moert_buffer *buffer = nullptr;
  ASSERT_EQ(Result(moert_session_detach(session.get(), outputs[0].data, &buffer)).code(), MOERT_OK);
  auto kept = static_cast<const float *>(moert_buffer_data(buffer));
  EXPECT_EQ(kept, outputs[0].data);
  EXPECT_EQ(Result(moert_session_detach(session.get(), kept, &buffer)).code(), MOERT_INVALID_ARGUMENT);
  x = {4, 5, 6};
  outputs.clear();
  ASSERT_EQ(run("pass", {view(x)}).code(), MOERT_OK);
  session.reset();
  module.reset();
  EXPECT_EQ(kept[2], 3);
  moert_buffer_free(buffer);
}

TEST_P(DeviceTest, DetachedMemoryIsUsedAgain) {
  std::vector<float> x(1 << 16);
  moert_session_stats stats;
  for (int i = 0; i < 200; ++i) {
    outputs.clear(); // the address is not the session's any more
    ASSERT_EQ(run("pass", {view(x)}).code(), MOERT_OK);
    moert_buffer *buffer = nullptr;
    ASSERT_EQ(Result(moert_session_detach(session.get(), outputs[0].data, &buffer)).code(), MOERT_OK);
    std::thread([&] { moert_buffer_free(buffer); }).join();
  }
  moert_session_get_stats(session.get(), &stats);
  EXPECT_LE(stats.reserved_bytes, 4 << 20);
}

TEST_P(DeviceTest, SessionsRunAtTheSameTime) {
  std::atomic<int> wrong = 0;
  auto work = [&](int seed) {
    Session mine = open(2);
    std::vector<moert_tensor> results;
    for (int i = 0; i < 50; ++i) {
      std::vector<float> x(size_t(100 + seed * 37 + i), float(seed));
      results.clear();
      if (moert::cts::run(module.get(), mine.get(), "scale", {view(x)}, results).code() != MOERT_OK ||
          (computes() && elements<float>(results[0]) != std::vector<float>(x.size(), 3.0f * float(seed))))
        ++wrong;
    }
  };
  std::vector<std::thread> threads;
  for (int seed = 0; seed < 4; ++seed)
    threads.emplace_back(work, seed);
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST_P(DeviceTest, HostOperators) {
  auto twice = [](void *user, moert_op_call *call, const char *attributes, const moert_tensor *inputs, int32_t numInputs, int32_t numOutputs) {
    ++*static_cast<int *>(user);
    EXPECT_STREQ(attributes, "{\"by\": 2}");
    EXPECT_EQ(numInputs, 1);
    EXPECT_EQ(numOutputs, 1);
    EXPECT_EQ(moert_op_output_type(call, 0), MOERT_FLOAT32);
    std::vector<float> x = elements<float>(inputs[0]);
    if (x[0] < 0)
      return moert_op_fail(call, "no negative numbers");
    auto *result = static_cast<float *>(moert_op_output(call, 0, inputs[0].dims, 1));
    for (size_t i = 0; i < x.size(); ++i)
      result[i] = 2 * x[i];
  };
  std::vector<float> x = {1, 2, 3};
  int calls = 0;
  EXPECT_NE(run("host", {view(x)}).message().find("test.Twice"), std::string::npos);
  ASSERT_EQ(Result(moert_register_op("test.Twice", twice, &calls)).code(), MOERT_OK);
  EXPECT_EQ(Result(moert_register_op("test.Twice", twice, &calls)).code(), MOERT_INVALID_ARGUMENT);
  ASSERT_EQ(run("host", {view(x)}).code(), MOERT_OK);
  EXPECT_EQ(elements<float>(outputs[0]), (std::vector<float>{2, 4, 6}));
  x[0] = -1;
  EXPECT_EQ(run("host", {view(x)}).message(), "operator 'test.Twice': no negative numbers");
  EXPECT_EQ(calls, 2);
  ASSERT_EQ(Result(moert_register_op("test.Twice", nullptr, nullptr)).code(), MOERT_OK);
}

TEST_P(DeviceTest, RoutingIsObserved) {
  std::vector<int64_t> ids = {3, 0, -1, 4};
  moert_tensor input{ids.data(), 32, MOERT_INT64, 2, {2, 2}};
  std::vector<std::pair<moert_routing, std::vector<int32_t>>> seen;
  auto observer = [](void *user, const moert_routing *routing) {
    static_cast<decltype(seen) *>(user)->emplace_back(*routing, std::vector(routing->ids, routing->ids + routing->tokens * routing->slots));
  };
  ASSERT_EQ(run("route", {input}).code(), MOERT_OK);
  EXPECT_TRUE(seen.empty());
  ASSERT_EQ(Result(moert_session_observe_routing(session.get(), observer, &seen)).code(), MOERT_OK);
  ASSERT_EQ(run("route", {input}).code(), MOERT_OK);
  ASSERT_EQ(seen.size(), 2u);
  auto &[first, firstIds] = seen[0];
  EXPECT_EQ(first.layer, 0);
  EXPECT_EQ(first.experts, 4);
  EXPECT_EQ(first.tokens, 2);
  EXPECT_EQ(first.expert_bytes, 100);
  EXPECT_EQ(firstIds, (std::vector<int32_t>{3, 0, -1, -1})); // there is no expert 4
  auto &[second, secondIds] = seen[1];
  EXPECT_EQ(second.layer, 1);
  EXPECT_EQ(secondIds, (std::vector<int32_t>{-1, 0, 0, 0, -1, -1, -1, 0}));
  ASSERT_EQ(Result(moert_session_observe_routing(session.get(), nullptr, nullptr)).code(), MOERT_OK);
  ASSERT_EQ(run("route", {input}).code(), MOERT_OK);
  EXPECT_EQ(seen.size(), 2u);
  EXPECT_EQ(Result(moert_session_observe_routing(nullptr, observer, &seen)).code(), MOERT_INVALID_ARGUMENT);
}

TEST_P(DeviceTest, RoutingOfNoTokens) {
  int64_t tokens = -1;
  auto observer = [](void *user, const moert_routing *routing) { *static_cast<int64_t *>(user) = routing->tokens; };
  ASSERT_EQ(Result(moert_session_observe_routing(session.get(), observer, &tokens)).code(), MOERT_OK);
  ASSERT_EQ(run("route", {{nullptr, 0, MOERT_INT64, 2, {0, 2}}}).code(), MOERT_OK);
  EXPECT_EQ(tokens, 0);
}

INSTANTIATE_TEST_SUITE_P(All, DeviceTest, testing::Values("cpu", "null", "emu"), [](auto &info) { return std::string(info.param); });

} // namespace
