//===- Sampler.cpp - choosing the next token ----------------------------------------------------------------------------===//
#include "Sampler.h"
#include <algorithm>
#include <cmath>
#include <numeric>

namespace moerun {

int64_t Sampler::choose(const std::vector<float> &logits) {
  auto value = [&](int64_t token) { return std::isnan(logits[token]) ? -INFINITY : logits[token]; };
  auto before = [&](int64_t a, int64_t b) { return value(a) != value(b) ? value(a) > value(b) : a < b; };
  std::vector<int64_t> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  if (options.temperature == 0)
    return *std::min_element(order.begin(), order.end(), before);
  size_t count = options.topK > 0 ? std::min(size_t(options.topK), order.size()) : order.size();
  std::partial_sort(order.begin(), order.begin() + int64_t(count), order.end(), before);
  order.resize(count);
  // Inverse transform of the cumulative weights, in double: std::discrete_distribution differs between libraries.
  std::vector<double> sums;
  double sum = 0;
  for (int64_t token : order)
    sums.push_back(sum += std::exp((double(value(token)) - double(value(order[0]))) / options.temperature));
  double point = double(random() >> 11) * 0x1p-53 * sum;
  size_t index = size_t(std::upper_bound(sums.begin(), sums.end(), point) - sums.begin());
  return order[std::min(index, count - 1)];
}

} // namespace moerun
