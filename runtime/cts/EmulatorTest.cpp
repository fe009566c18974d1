//===- EmulatorTest.cpp - what the emulator does for threads, and what it reports -----------------------------------===//
#include "block.h"
#include <bit>
#include <gtest/gtest.h>

using namespace moert::emu;

namespace {

constexpr moert_emu_array kArrays[] = {{64, 512}};

moert_emu_kernel_info kernel(moert_emu_kernel run, int32_t wave = 32) { return {run, wave, /*cooperative=*/1, /*shared=*/640, 1, kArrays}; }

/// Runs a kernel and returns what it did wrong.
std::string run(const moert_emu_kernel_info &info, int32_t threads, const void *args = nullptr, int64_t blocks = 1) {
  BlockRunner runner;
  Fault fault;
  runner.run({&info, "k", {{blocks, 1, 1}, {threads, 1, 1}, 0}, static_cast<const int64_t *>(args)}, fault);
  return fault.take();
}

int32_t &shared(moert_thread *self, int32_t index, bool write) {
  return *static_cast<int32_t *>(self->emulator->access(self, self->shared + 64 + 4 * index, 4, write));
}
void barrier(moert_thread *self) { self->emulator->barrier(self, 1); }

TEST(Emulator, ThreadsOfABlockShareMemory) {
  std::vector<int64_t> out(8);
  int64_t args[] = {reinterpret_cast<int64_t>(out.data())};
  auto reverse = kernel([](moert_thread *self, const int64_t *args) {
    int32_t id = self->thread[0];
    shared(self, id, true) = id + 100 * self->block[0];
    barrier(self);
    reinterpret_cast<int64_t *>(args[0])[4 * self->block[0] + id] = shared(self, self->threads[0] - 1 - id, false);
  });
  EXPECT_EQ(run(reverse, 4, args, 2), "");
  EXPECT_EQ(out, (std::vector<int64_t>{3, 2, 1, 0, 103, 102, 101, 100}));
}

TEST(Emulator, ReportsARace) {
  auto race = kernel([](moert_thread *self, const int64_t *) {
    shared(self, self->thread[0], true) = 1;
    shared(self, self->thread[0] ^ 1, false)++;
  });
  EXPECT_EQ(run(race, 2), "kernel 'k': thread 1 writes byte 68 of workgroup memory, which thread 0 uses too with no barrier between them");
}

TEST(Emulator, ReadsByManyThreadsAreNoRace) {
  auto reads = kernel([](moert_thread *self, const int64_t *) {
    if (self->thread[0] == 0)
      shared(self, 0, true) = 1;
    barrier(self);
    shared(self, 0, false);
    barrier(self);
    if (self->thread[0] == 1)
      shared(self, 0, true) = 2;
  });
  EXPECT_EQ(run(reads, 8), "");
}

TEST(Emulator, ReportsAccessesOutOfBounds) {
  auto beyond = kernel([](moert_thread *self, const int64_t *) { shared(self, 128, true) = 1; });
  EXPECT_EQ(run(beyond, 1), "kernel 'k': thread 0 writes 4 bytes at 576 of workgroup memory, which is out of bounds");
  auto before = kernel([](moert_thread *self, const int64_t *) { shared(self, -1, false); });
  EXPECT_EQ(run(before, 1), "kernel 'k': thread 0 reads 4 bytes at 60 of workgroup memory, which is out of bounds");
}

TEST(Emulator, ReportsDivergence) {
  auto some = kernel([](moert_thread *self, const int64_t *) {
    if (self->thread[0] < 2)
      barrier(self);
  });
  EXPECT_EQ(run(some, 4), "kernel 'k': threads diverge: thread 0 is at barrier 1, thread 2 is at its end");
  auto different = kernel([](moert_thread *self, const int64_t *) { self->emulator->barrier(self, 5 + self->thread[0]); });
  EXPECT_EQ(run(different, 2), "kernel 'k': threads diverge: thread 0 is at barrier 5, thread 1 is at barrier 6");
  auto partOfAWave = kernel([](moert_thread *self, const int64_t *) {
    uint32_t in[3] = {}, out = 0;
    self->emulator->collective(self, 3, MOERT_SHUFFLE_XOR, in, &out);
  });
  EXPECT_EQ(run(partOfAWave, 8), "kernel 'k': threads diverge: thread 0 is at wave instruction 3, and its wave is not whole");
}

TEST(Emulator, Shuffles) {
  std::vector<int64_t> out(32);
  int64_t args[] = {reinterpret_cast<int64_t>(out.data()), MOERT_SHUFFLE_XOR, 1, 31};
  auto shuffle = kernel([](moert_thread *self, const int64_t *args) {
    uint32_t in[3] = {uint32_t(self->lane), uint32_t(args[2]), uint32_t(args[3])}, result = 0;
    self->emulator->collective(self, 1, int32_t(args[1]), in, &result);
    reinterpret_cast<int64_t *>(args[0])[self->lane] = result;
  });
  auto lanes = [&](moert_collective kind, int64_t operand, int64_t clamp) {
    args[1] = kind, args[2] = operand, args[3] = clamp;
    EXPECT_EQ(run(shuffle, 32, args), "");
    return std::vector<int64_t>{out[0], out[1], out[7], out[30], out[31]};
  };
  EXPECT_EQ(lanes(MOERT_SHUFFLE_XOR, 1, 31), (std::vector<int64_t>{1, 0, 6, 31, 30}));
  EXPECT_EQ(lanes(MOERT_SHUFFLE_INDEX, 5, 31), (std::vector<int64_t>{5, 5, 5, 5, 5}));
  EXPECT_EQ(lanes(MOERT_SHUFFLE_DOWN, 1, 31), (std::vector<int64_t>{1, 2, 8, 31, 31})); // the last lane keeps its own
  EXPECT_EQ(lanes(MOERT_SHUFFLE_UP, 1, 0), (std::vector<int64_t>{0, 0, 6, 29, 30}));
  EXPECT_EQ(lanes(MOERT_SHUFFLE_INDEX, 0, 31 | 24 << 8), (std::vector<int64_t>{0, 0, 0, 24, 24})); // segments of 8
}

// Products of small whole numbers, which bfloat16 holds: D[r][c] = sum over k of (r + 2k) (c + 3k).

uint16_t bits(float value) { return uint16_t(std::bit_cast<uint32_t>(value) >> 16); }

TEST(Emulator, NvidiaMatrixFragments) {
  // From the manual: lane 5 (group 1, thread 1) holds rows 1 and 9, columns 2 and 3.
  std::vector<int64_t> out(4);
  int64_t args[] = {reinterpret_cast<int64_t>(out.data())};
  auto product = kernel([](moert_thread *self, const int64_t *args) {
    int group = self->lane / 4, inGroup = self->lane % 4;
    struct {
      uint16_t a[8], b[4];
      float c[4];
    } in;
    for (int i = 0; i < 8; ++i) {
      int row = group + (i == 2 || i == 3 || i >= 6 ? 8 : 0), depth = inGroup * 2 + (i & 1) + (i >= 4 ? 8 : 0);
      in.a[i] = bits(float(row + 2 * depth));
    }
    for (int i = 0; i < 4; ++i) {
      int depth = inGroup * 2 + (i & 1) + (i >= 2 ? 8 : 0);
      in.b[i] = bits(float(group + 3 * depth));
    }
    for (float &value : in.c)
      value = 1;
    float result[4];
    self->emulator->collective(self, 1, MOERT_MMA_16x8x16_BF16, &in, result);
    if (self->lane == 5)
      for (int i = 0; i < 4; ++i)
        reinterpret_cast<int64_t *>(args[0])[i] = int64_t(result[i]);
  });
  EXPECT_EQ(run(product, 32, args), "");
  auto expected = [](int row, int column) {
    int64_t sum = 1;
    for (int k = 0; k < 16; ++k)
      sum += (row + 2 * k) * (column + 3 * k);
    return sum;
  };
  EXPECT_EQ(out, (std::vector<int64_t>{expected(1, 2), expected(1, 3), expected(9, 2), expected(9, 3)}));
}

TEST(Emulator, AmdMatrixFragments) {
  // Lane 21 holds column 5, rows 4 to 7.
  std::vector<int64_t> out(4);
  int64_t args[] = {reinterpret_cast<int64_t>(out.data())};
  auto product = kernel(
      [](moert_thread *self, const int64_t *args) {
        struct {
          uint16_t a[4], b[4];
          float c[4] = {};
        } in;
        for (int i = 0; i < 4; ++i) {
          int outer = self->lane % 16, depth = self->lane / 16 * 4 + i;
          in.a[i] = bits(float(outer + 2 * depth));
          in.b[i] = bits(float(outer + 3 * depth));
        }
        float result[4];
        self->emulator->collective(self, 1, MOERT_MFMA_16x16x16_BF16, &in, result);
        if (self->lane == 21)
          for (int i = 0; i < 4; ++i)
            reinterpret_cast<int64_t *>(args[0])[i] = int64_t(result[i]);
      },
      /*wave=*/64);
  EXPECT_EQ(run(product, 64, args), "");
  for (int row = 4; row < 8; ++row) {
    int64_t sum = 0;
    for (int k = 0; k < 16; ++k)
      sum += (row + 2 * k) * (5 + 3 * k);
    EXPECT_EQ(out[size_t(row - 4)], sum);
  }
}

} // namespace
