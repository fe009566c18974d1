//===- ArenaTest.cpp ---------------------------------------------------------------------------------------------------===//
#include "arena.h"
#include "devices.h"
#include <cstring>
#include <gtest/gtest.h>
#include <map>
#include <random>
#include <thread>

using namespace moert;

namespace {

class ArenaTest : public testing::Test {
protected:
  static std::shared_ptr<Device> openNull() {
    moert_device *instance = nullptr;
    char message[16];
    EXPECT_EQ(kNullDevice.open(1, &instance, message, sizeof message), MOERT_OK);
    return std::make_shared<Device>(kNullDevice, instance);
  }
  Arena arena{openNull()};
};

TEST_F(ArenaTest, BlocksDoNotOverlapAndMemoryComesBack) {
  std::mt19937_64 random(7);
  std::map<char *, std::pair<int64_t, char>> blocks;
  for (int step = 0; step < 20000; ++step) {
    if (blocks.size() < 40 && random() % 2) {
      int64_t bytes = int64_t(random() % (int64_t(1) << random() % 20));
      auto *memory = static_cast<char *>(arena.allocate(bytes));
      ASSERT_NE(memory, nullptr);
      ASSERT_EQ(reinterpret_cast<uintptr_t>(memory) % 64, 0u);
      std::memset(memory, step & 127, size_t(bytes));
      ASSERT_TRUE(blocks.emplace(memory, std::pair(bytes, char(step & 127))).second);
    } else if (!blocks.empty()) {
      auto it = std::next(blocks.begin(), int64_t(random() % blocks.size()));
      auto [bytes, mark] = it->second;
      for (int64_t i = 0; i < bytes; ++i)
        ASSERT_EQ(it->first[i], mark);
      ASSERT_TRUE(arena.release(it->first));
      blocks.erase(it);
    }
  }
  arena.endRun();
  EXPECT_EQ(arena.liveBytes(), 0);
}

TEST_F(ArenaTest, NeighboursMerge) {
  std::vector<void *> blocks;
  for (int i = 0; i < 100; ++i)
    blocks.push_back(arena.allocate(4096));
  int64_t reserved = arena.reservedBytes();
  for (size_t i = 0; i < blocks.size(); i += 2)
    arena.release(blocks[i]);
  for (size_t i = 1; i < blocks.size(); i += 2)
    arena.release(blocks[i]);
  EXPECT_NE(arena.allocate(900'000), nullptr);
  EXPECT_EQ(arena.reservedBytes(), reserved);
}

TEST_F(ArenaTest, OnlyStartsOfBlocksAreKnown) {
  auto *memory = static_cast<char *>(arena.allocate(1000));
  std::memset(memory, 0, 1000);
  char other[128] = {};
  EXPECT_FALSE(arena.release(memory + 64));
  EXPECT_FALSE(arena.release(memory + 1));
  EXPECT_FALSE(arena.release(other + 64));
  EXPECT_FALSE(arena.release(nullptr));
  EXPECT_TRUE(arena.keep(memory));
  EXPECT_FALSE(arena.keep(memory));
  arena.endRun();
  EXPECT_GT(arena.liveBytes(), 0);
  EXPECT_TRUE(arena.release(memory));
  EXPECT_FALSE(arena.release(memory));
  EXPECT_EQ(arena.liveBytes(), 0);
}

TEST_F(ArenaTest, EndOfRunReleasesWhatIsLeft) {
  for (int run = 0; run < 50; ++run) {
    arena.allocate(100'000);
    arena.allocate(200'000);
    arena.endRun();
    EXPECT_EQ(arena.liveBytes(), 0);
  }
  EXPECT_LE(arena.reservedBytes(), 1 << 20);
  EXPECT_GE(arena.peakBytes(), 300'000);
}

TEST_F(ArenaTest, SlabsThatIdleGoBack) {
  arena.allocate(100 << 20);
  arena.endRun();
  EXPECT_GE(arena.reservedBytes(), 100 << 20);
  for (int run = 0; run < 40; ++run) {
    arena.allocate(1000);
    arena.allocate(60 << 20);
    arena.endRun();
  }
  for (int run = 0; run < 40; ++run)
    arena.endRun();
  EXPECT_EQ(arena.reservedBytes(), 0);
}

TEST_F(ArenaTest, GrowingStateStaysSmall) {
  void *state = nullptr;
  for (int64_t length = 1; length < 3000; ++length) {
    void *next = arena.allocate(length * 1024);
    arena.keep(next);
    if (state)
      arena.release(state);
    state = next;
    arena.endRun();
  }
  EXPECT_LE(arena.reservedBytes(), 4 * 3000 * 1024);
}

TEST_F(ArenaTest, ImpossibleSizes) {
  EXPECT_EQ(arena.allocate(INT64_MAX), nullptr);
  EXPECT_EQ(arena.allocate(int64_t(1) << 46), nullptr);
  EXPECT_NE(arena.allocate(0), nullptr);
}

TEST_F(ArenaTest, ReleaseFromAnotherThread) {
  std::vector<void *> blocks;
  for (int i = 0; i < 10; ++i) {
    blocks.push_back(arena.allocate(5000));
    arena.keep(blocks.back());
  }
  arena.endRun();
  std::thread([&] {
    for (void *block : blocks)
      arena.releaseLater(block);
  }).join();
  arena.endRun();
  EXPECT_EQ(arena.liveBytes(), 0);
}

} // namespace
