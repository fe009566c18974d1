//===- Bench.h - how long runs take -----------------------------------------------------------------------*- C++ -*-===//
#pragma once

#include "InputShapes.h"

namespace moerun {

struct BenchOptions {
  std::vector<int64_t> tokens; ///< empty: 1, 16 and 512, or the only number that the model takes
  int64_t past = 0;
  GivenLengths lengths;
};

/// Times runs on random inputs (shapes as inputShapes makes them) and prints a JSON object: for each number of tokens the median and the
/// median absolute deviation, beside it the read bandwidth of this machine at that time, and once the machine's arithmetic peak. The bytes
/// of all weights over the time of a run is a share of the bandwidth if the run reads every weight once; sparse models read fewer.
void bench(Model &model, const BenchOptions &options);

} // namespace moerun
