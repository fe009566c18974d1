//===- StateTest.cpp - what sessions keep from run to run --------------------------------------------------------------===//
#include "Suite.h"

using namespace moert::cts;

namespace {

class StateTest : public testing::TestWithParam<const char *> {
protected:
  void SetUp() override {
    ASSERT_EQ(load(artefact.path, module).code(), MOERT_OK);
    session = open(module.get(), {GetParam(), 2});
  }

  /// Runs "grow" on `count` rows of each of `batch` entries; row i of entry b holds 100 * b + first + i, twice.
  Result grow(moert_session *which, int64_t batch, int64_t first, int64_t count) {
    std::vector<float> x;
    for (int64_t b = 0; b < batch; ++b)
      for (int64_t i = 0; i < count * 2; ++i)
        x.push_back(float(100 * b + first + i / 2));
    moert_tensor input{x.data(), int64_t(x.size() * 4), MOERT_FLOAT32, 3, {batch, count, 2}};
    return run(module.get(), which, "grow", {input}, outputs);
  }

  void expectRows(int64_t batch, int64_t length) {
    ASSERT_EQ(outputs[0].dims[1], length);
    std::vector<float> want;
    for (int64_t b = 0; b < batch; ++b)
      for (int64_t i = 0; i < length * 2; ++i)
        want.push_back(float(100 * b + i / 2));
    EXPECT_EQ(elements<float>(outputs[0]), want);
  }

  SampleArtefact artefact;
  Module module{nullptr, moert_module_free};
  Session session{nullptr, moert_session_free};
  std::vector<moert_tensor> outputs;
};

TEST_P(StateTest, Describes) {
  ASSERT_EQ(moert_module_num_states(module.get()), 2);
  EXPECT_STREQ(moert_module_state(module.get(), 0)->name, "rows");
  EXPECT_EQ(moert_module_state(module.get(), 1)->rank, 1);
  EXPECT_EQ(moert_module_state(module.get(), 2), nullptr);
}

TEST_P(StateTest, GrowsInPlace) {
  int64_t length = 0;
  for (int64_t count : {0, 5, 1, 0, 26, 1, 40, 1, 300, 1}) { // past the first room of 32 rows, and past its double
    Result result = grow(session.get(), 3, length, count);
    ASSERT_EQ(result.code(), MOERT_OK) << result.message();
    expectRows(3, length += count);
  }
}

TEST_P(StateTest, SteadyGrowthAsksForNoMemory) {
  ASSERT_EQ(grow(session.get(), 2, 0, 33).code(), MOERT_OK); // room for 64
  moert_session_stats before, after;
  moert_session_get_stats(session.get(), &before);
  for (int64_t length = 33; length < 64; ++length)
    ASSERT_EQ(grow(session.get(), 2, length, 1).code(), MOERT_OK);
  moert_session_get_stats(session.get(), &after);
  EXPECT_EQ(before.reserved_bytes, after.reserved_bytes);
  expectRows(2, 64);
}

TEST_P(StateTest, Replaces) {
  std::vector<float> first = {1, 2, 3}, second = {4, 5, 6};
  ASSERT_EQ(run(module.get(), session.get(), "last", {view(first)}, outputs).code(), MOERT_OK);
  EXPECT_EQ(elements<float>(outputs[0]), std::vector<float>(3, 0)); // fresh
  ASSERT_EQ(run(module.get(), session.get(), "last", {view(second)}, outputs).code(), MOERT_OK);
  EXPECT_EQ(elements<float>(outputs[0]), first);
  ASSERT_EQ(run(module.get(), session.get(), "last", {view(first)}, outputs).code(), MOERT_OK);
  EXPECT_EQ(elements<float>(outputs[0]), second);
}

TEST_P(StateTest, FailedRunChangesNothing) {
  ASSERT_EQ(grow(session.get(), 1, 0, 3).code(), MOERT_OK);
  Result result = grow(session.get(), 1, -100, 90); // needs more room, too
  EXPECT_EQ(result.message(), "negative");
  ASSERT_EQ(grow(session.get(), 1, 3, 1).code(), MOERT_OK);
  expectRows(1, 4);
}

TEST_P(StateTest, ResetBeginsAnew) {
  ASSERT_EQ(grow(session.get(), 2, 0, 3).code(), MOERT_OK);
  Result result = grow(session.get(), 1, 0, 3);
  EXPECT_EQ(result.code(), MOERT_INVALID_ARGUMENT);
  EXPECT_EQ(result.message(), "state 'rows': axis 0 (batch) has length 2 but must have length 1 (batch is 1 by axis 0 of input 'x'); reset the session to begin anew");
  ASSERT_EQ(Result(moert_session_reset(session.get())).code(), MOERT_OK);
  ASSERT_EQ(grow(session.get(), 1, 0, 3).code(), MOERT_OK);
  expectRows(1, 3);
  EXPECT_EQ(Result(moert_session_reset(nullptr)).code(), MOERT_INVALID_ARGUMENT);
}

TEST_P(StateTest, ForksGoOnAlone) {
  ASSERT_EQ(grow(session.get(), 2, 0, 3).code(), MOERT_OK);
  moert_session *made = nullptr;
  ASSERT_EQ(Result(moert_session_fork(session.get(), &made)).code(), MOERT_OK);
  Session copy(made, moert_session_free);
  ASSERT_EQ(grow(session.get(), 2, 50, 2).code(), MOERT_OK);
  ASSERT_EQ(grow(copy.get(), 2, 3, 1).code(), MOERT_OK);
  expectRows(2, 4);
  EXPECT_EQ(Result(moert_session_fork(nullptr, &made)).code(), MOERT_INVALID_ARGUMENT);
}

INSTANTIATE_TEST_SUITE_P(Devices, StateTest, testing::Values("cpu", "null", "emu"));

} // namespace
