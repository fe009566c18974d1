//===- Peak.h - what this machine can do at most -------------------------------------------------------------*- C++ -*-===//
#pragma once

#include <string>

namespace moerun {

/// Billions of operations per second over all threads; a multiplication with its addition counts as two. 0 where there is no such unit.
struct Peak {
  double f32 = 0;      ///< fused multiply-add of vectors
  double bf16 = 0;     ///< products of bf16 pairs, by tiles where there are some, else by vectors
  double int8 = 0;     ///< the same for bytes
  std::string units;   ///< what measured them: "avx2", "avx512" or "amx"
};
Peak measurePeak(int threads);

/// Bytes read from memory per second, in billions, over all threads.
double measureReadBandwidth(int threads);

} // namespace moerun
