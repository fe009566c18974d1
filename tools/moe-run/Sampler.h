//===- Sampler.h - choosing the next token -----------------------------------------------------------------*- C++ -*-===//
#pragma once

#include <cstdint>
#include <random>
#include <vector>

namespace moerun {

struct SamplerOptions {
  double temperature = 0; ///< 0: always the most likely token
  int64_t topK = 0;       ///< choose among so many of the most likely; 0: among all
  uint64_t seed = 0;
};

/// Chooses tokens from logits. The same seed and logits give the same tokens on every machine.
class Sampler {
public:
  explicit Sampler(const SamplerOptions &options) : options(options), random(options.seed) {}

  /// The index of the token; of equal ones the first. NaN never wins.
  int64_t choose(const std::vector<float> &logits);

private:
  SamplerOptions options;
  std::mt19937_64 random;
};

} // namespace moerun
