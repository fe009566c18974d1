//===- Peak.cpp - what this machine can do at most -------------------------------------------------------------------===//
#include "Peak.h"
#include "moert/moert.h"
#include <barrier>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <immintrin.h>
#include <memory>
#include <numeric>
#include <thread>
#include <unistd.h>
#include <vector>

namespace moerun {
namespace {

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

/// Operations that are written so often that none waits for another: kChains independent accumulators.
constexpr int kChains = 12;
/// Keeps the compiler from computing the loop at compile time.
#define MOE_OPAQUE(value) __asm__ volatile("" : "+x"(value))
#define MOE_OPAQUE_ZMM(value) __asm__ volatile("" : "+v"(value))

__attribute__((target("avx2,fma"), noinline)) double f32Avx2(int64_t rounds) {
  __m256 sums[kChains], x = _mm256_set1_ps(1.0001f), y = _mm256_set1_ps(0.0001f);
  for (int i = 0; i < kChains; ++i)
    sums[i] = _mm256_set1_ps(float(i));
  for (int64_t round = 0; round < rounds; ++round)
    for (int i = 0; i < kChains; ++i) {
      sums[i] = _mm256_fmadd_ps(sums[i], x, y);
      MOE_OPAQUE(sums[i]);
    }
  return double(kChains) * 8 * 2;
}

__attribute__((target("avx512f"), noinline)) double f32Avx512(int64_t rounds) {
  __m512 sums[kChains], x = _mm512_set1_ps(1.0001f), y = _mm512_set1_ps(0.0001f);
  for (int i = 0; i < kChains; ++i)
    sums[i] = _mm512_set1_ps(float(i));
  for (int64_t round = 0; round < rounds; ++round)
    for (int i = 0; i < kChains; ++i) {
      sums[i] = _mm512_fmadd_ps(sums[i], x, y);
      MOE_OPAQUE_ZMM(sums[i]);
    }
  return double(kChains) * 16 * 2;
}

__attribute__((target("avx512f,avx512bf16"), noinline)) double bf16Avx512(int64_t rounds) {
  __m512 sums[kChains], one = _mm512_set1_ps(1.0f);
  __m512bh x;
  std::memcpy(&x, &one, sizeof x);
  for (int i = 0; i < kChains; ++i)
    sums[i] = _mm512_setzero_ps();
  for (int64_t round = 0; round < rounds; ++round)
    for (int i = 0; i < kChains; ++i) {
      sums[i] = _mm512_dpbf16_ps(sums[i], x, x);
      MOE_OPAQUE_ZMM(sums[i]);
    }
  return double(kChains) * 32 * 2;
}

__attribute__((target("avx512f,avx512vnni"), noinline)) double int8Avx512(int64_t rounds) {
  __m512i sums[kChains], x = _mm512_set1_epi8(1);
  for (int i = 0; i < kChains; ++i)
    sums[i] = _mm512_setzero_si512();
  for (int64_t round = 0; round < rounds; ++round)
    for (int i = 0; i < kChains; ++i) {
      sums[i] = _mm512_dpbusd_epi32(sums[i], x, x);
      MOE_OPAQUE_ZMM(sums[i]);
    }
  return double(kChains) * 64 * 2;
}

/// Tiles 0 to 3 are sums, 4 to 7 operands, all of 16 rows of 64 bytes.
__attribute__((target("amx-tile"), noinline)) void loadTiles() {
  struct alignas(64) {
    unsigned char palette = 1, start = 0, reserved[14] = {};
    unsigned short bytesPerRow[16] = {};
    unsigned char rows[16] = {};
  } config;
  for (int i = 0; i < 8; ++i) {
    config.bytesPerRow[i] = 64;
    config.rows[i] = 16;
  }
  alignas(64) static const char zeros[16 * 64] = {};
  _tile_loadconfig(&config);
  _tile_loadd(4, zeros, 64);
  _tile_loadd(5, zeros, 64);
  _tile_loadd(6, zeros, 64);
  _tile_loadd(7, zeros, 64);
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
}

__attribute__((target("amx-tile,amx-bf16"), noinline)) double bf16Amx(int64_t rounds) {
  loadTiles();
  for (int64_t round = 0; round < rounds; ++round) {
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  _tile_release();
  return 4.0 * 2 * 16 * 16 * 32;
}

__attribute__((target("amx-tile,amx-int8"), noinline)) double int8Amx(int64_t rounds) {
  loadTiles();
  for (int64_t round = 0; round < rounds; ++round) {
    _tile_dpbssd(0, 4, 6);
    _tile_dpbssd(1, 4, 7);
    _tile_dpbssd(2, 5, 6);
    _tile_dpbssd(3, 5, 7);
  }
  _tile_release();
  return 4.0 * 2 * 16 * 16 * 64;
}

__attribute__((target("avx2"), noinline)) void readAll(const char *memory, int64_t bytes) {
  __m256i sums[4] = {};
  for (int64_t at = 0; at < bytes; at += 128)
    for (int i = 0; i < 4; ++i)
      sums[i] = _mm256_xor_si256(sums[i], _mm256_load_si256(reinterpret_cast<const __m256i *>(memory + at + 32 * i)));
  for (__m256i &sum : sums)
    MOE_OPAQUE(sum);
}

/// Runs `body(thread)` on all threads at once; the sum of what they return.
double onThreads(int threads, const std::function<double(int)> &body) {
  std::vector<double> results(static_cast<size_t>(threads));
  std::barrier start(threads);
  auto work = [&](int thread) {
    start.arrive_and_wait();
    results[size_t(thread)] = body(thread);
  };
  std::vector<std::thread> others;
  for (int thread = 1; thread < threads; ++thread)
    others.emplace_back(work, thread);
  work(0);
  for (std::thread &other : others)
    other.join();
  return std::accumulate(results.begin(), results.end(), 0.0);
}

/// Billions of operations per second of a loop that returns its operations per round: the best of some tries.
double rate(int threads, double (*loop)(int64_t)) {
  return onThreads(threads, [&](int) {
    double best = 0;
    int64_t rounds = 100'000;
    for (int repeat = 0; repeat < 8; ++repeat) {
      double start = now(), operations = loop(rounds), seconds = now() - start;
      best = std::max(best, operations * double(rounds) / seconds / 1e9);
      if (seconds < 0.01)
        rounds *= 2;
    }
    return best;
  });
}

} // namespace

Peak measurePeak(int threads) {
  Peak peak;
  peak.units = moert_machine_isa();
  if (peak.units == "avx2")
    peak.f32 = rate(threads, f32Avx2);
  if (peak.units == "avx512" || peak.units == "amx")
    peak.f32 = rate(threads, f32Avx512);
  if (peak.units == "avx512") {
    peak.bf16 = rate(threads, bf16Avx512);
    peak.int8 = rate(threads, int8Avx512);
  }
  if (peak.units == "amx") {
    peak.bf16 = rate(threads, bf16Amx);
    peak.int8 = rate(threads, int8Amx);
  }
  return peak;
}

double measureReadBandwidth(int threads) {
  int64_t available = int64_t(sysconf(_SC_AVPHYS_PAGES)) * sysconf(_SC_PAGESIZE);
  int64_t each = std::min(int64_t(1) << 30, available / 4) / threads / 4096 * 4096; // more than the caches hold
  return onThreads(threads, [&](int) {
    std::unique_ptr<char, decltype(&std::free)> memory(static_cast<char *>(std::aligned_alloc(4096, size_t(each))), std::free);
    if (!memory)
      throw std::bad_alloc();
    std::memset(memory.get(), 1, size_t(each));
    double best = 0;
    for (int repeat = 0; repeat < 3; ++repeat) {
      double start = now();
      readAll(memory.get(), each);
      best = std::max(best, double(each) / (now() - start) / 1e9);
    }
    return best;
  });
}

} // namespace moerun
