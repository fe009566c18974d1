//===- collective.cpp - instructions of a wave ------------------------------------------------------------------------===//
//
// Matrix instructions hold their operands spread over the lanes. Where an element lies is what NVIDIA's PTX manual and AMD's matrix
// instruction calculator say; sums are kept in float32, products of bfloat16 are exact in it.
//
//===------------------------------------------------------------------------------------------------------------===//
#include "collective.h"
#include <bit>
#include <cstring>

namespace moert::emu {
namespace {

using Operands = std::vector<const void *>;
using Results = std::vector<void *>;

template <typename T> T read(const void *from, size_t index) {
  T value;
  std::memcpy(&value, static_cast<const char *>(from) + index * sizeof(T), sizeof(T));
  return value;
}
template <typename T> void write(void *to, size_t index, T value) { std::memcpy(static_cast<char *>(to) + index * sizeof(T), &value, sizeof(T)); }

float bfloat(const void *from, size_t index) { return std::bit_cast<float>(uint32_t(read<uint16_t>(from, index)) << 16); }

//===- shuffles ---------------------------------------------------------------------------------------------------===//

/// Lanes outside of the segment that the clamp describes get their own value.
void shuffle(moert_collective kind, const Operands &in, const Results &out) {
  for (uint32_t lane = 0; lane < in.size(); ++lane) {
    uint32_t operand = read<uint32_t>(in[lane], 1), clamp = read<uint32_t>(in[lane], 2), mask = clamp >> 8 & 31, bound = clamp & 31;
    uint32_t first = lane & mask, last = first | (bound & ~mask);
    int64_t source = lane;
    bool valid = false;
    if (kind == MOERT_SHUFFLE_UP)
      source = int64_t(lane) - operand, valid = source >= int64_t(last); // the clamp is the lowest lane here
    else if (kind == MOERT_SHUFFLE_DOWN)
      source = int64_t(lane) + operand, valid = source <= int64_t(last);
    else if (kind == MOERT_SHUFFLE_XOR)
      source = lane ^ operand, valid = source <= int64_t(last);
    else
      source = first | (operand & ~mask & 31), valid = source <= int64_t(last);
    write(out[lane], 0, read<uint32_t>(in[valid ? size_t(source) : lane], 0));
  }
}

void permute(const Operands &in, const Results &out) {
  for (size_t lane = 0; lane < in.size(); ++lane)
    write(out[lane], 0, read<uint32_t>(in[read<uint32_t>(in[lane], 0) / 4 % in.size()], 1));
}

//===- products ---------------------------------------------------------------------------------------------------===//

/// D = A * B + C, spread as `Layout` says: a(lane, i) and b(lane, i) give the (outer index, k) of an operand's elements and c(lane, i) the
/// (row, column) of an accumulator.
template <typename Layout> void multiply(const Operands &in, const Results &out) {
  constexpr int m = Layout::m, n = Layout::n, k = Layout::k;
  float a[m][k], b[n][k];
  for (int lane = 0; lane < Layout::lanes; ++lane)
    for (int i = 0; i < m * k / Layout::lanes; ++i) {
      auto [row, depth] = Layout::a(lane, i);
      a[row][depth] = Layout::operand(in[size_t(lane)], size_t(i));
    }
  for (int lane = 0; lane < Layout::lanes; ++lane)
    for (int i = 0; i < n * k / Layout::lanes; ++i) {
      auto [column, depth] = Layout::b(lane, i);
      b[column][depth] = Layout::operand(in[size_t(lane)], size_t(m * k / Layout::lanes + i));
    }
  constexpr size_t sums = size_t((m + n) * k / Layout::lanes) * Layout::bytes / sizeof(float); // where the accumulators begin
  for (int lane = 0; lane < Layout::lanes; ++lane)
    for (int i = 0; i < m * n / Layout::lanes; ++i) {
      auto [row, column] = Layout::c(lane, i);
      float sum = read<float>(in[size_t(lane)], sums + size_t(i));
      for (int depth = 0; depth < k; ++depth)
        sum += a[row][depth] * b[column][depth];
      write(out[size_t(lane)], size_t(i), sum);
    }
}

struct At {
  int outer, inner;
};

struct Mma16x8x16 {
  static constexpr int m = 16, n = 8, k = 16, lanes = 32, bytes = 2;
  static float operand(const void *from, size_t i) { return bfloat(from, i); }
  static At a(int lane, int i) { return {lane / 4 + i / 2 % 2 * 8, lane % 4 * 2 + i % 2 + i / 4 * 8}; }
  static At b(int lane, int i) { return {lane / 4, lane % 4 * 2 + i % 2 + i / 2 * 8}; }
  static At c(int lane, int i) { return {lane / 4 + i / 2 * 8, lane % 4 * 2 + i % 2}; }
};

struct Mfma16x16 {
  static constexpr int m = 16, n = 16, lanes = 64;
  static At c(int lane, int i) { return {lane / 16 * 4 + i, lane % 16}; }
};

struct Mfma16x16x16 : Mfma16x16 {
  static constexpr int k = 16, bytes = 2;
  static float operand(const void *from, size_t i) { return bfloat(from, i); }
  static At a(int lane, int i) { return {lane % 16, lane / 16 * 4 + i}; }
  static At b(int lane, int i) { return a(lane, i); }
};

struct Mfma16x16x4 : Mfma16x16 {
  static constexpr int k = 4, bytes = 4;
  static float operand(const void *from, size_t i) { return read<float>(from, i); }
  static At a(int lane, int) { return {lane % 16, lane / 16}; }
  static At b(int lane, int i) { return a(lane, i); }
};

} // namespace

void execute(moert_collective operation, const Operands &in, const Results &out) {
  switch (operation) {
  case MOERT_SHUFFLE_INDEX:
  case MOERT_SHUFFLE_XOR:
  case MOERT_SHUFFLE_UP:
  case MOERT_SHUFFLE_DOWN:
    return shuffle(operation, in, out);
  case MOERT_PERMUTE:
    return permute(in, out);
  case MOERT_MMA_16x8x16_BF16:
    return multiply<Mma16x8x16>(in, out);
  case MOERT_MFMA_16x16x16_BF16:
    return multiply<Mfma16x16x16>(in, out);
  case MOERT_MFMA_16x16x4_F32:
    return multiply<Mfma16x16x4>(in, out);
  case MOERT_NUM_COLLECTIVES:
    break;
  }
}

} // namespace moert::emu
