//===- Bench.cpp - how long runs take ----------------------------------------------------------------------------------===//
#include "Bench.h"
#include "Peak.h"
#include "RandomInputs.h"
#include "RoutingTrace.h"
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

namespace moerun {
namespace {

using Json = nlohmann::ordered_json;

double median(std::vector<double> values) {
  auto middle = values.begin() + int64_t(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Seconds of each run: at least 5 runs, then as many as fit a second.
std::vector<double> timeRuns(Model &model, const std::vector<moert_tensor> &arguments) {
  auto now = [] { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); };
  std::vector<moert_tensor> results(model.outputs.size());
  for (int warm = 0; warm < 3; ++warm) {
    model.reset();
    model.run(arguments, results);
  }
  std::vector<double> seconds;
  for (double total = 0; seconds.size() < 5 || (total < 1 && seconds.size() < 10'000); total += seconds.back()) {
    model.reset(); // a session that keeps state reads the same tokens anew
    double start = now();
    model.run(arguments, results);
    seconds.push_back(now() - start);
  }
  return seconds;
}

/// The weights that a run on these tokens has to read: not those of experts that none of them goes to.
int64_t bytesRead(Model &model, const std::vector<moert_tensor> &arguments) {
  RoutingTrace trace(/*keepRuns=*/false);
  observeRouting(model, trace);
  model.reset();
  model.run(arguments);
  check(moert_session_observe_routing(model.session(), nullptr, nullptr));
  return moert_module_weight_bytes(model.module()) - trace.unreadBytes();
}

/// Four significant digits: more would be noise.
double rounded(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return std::strtod(text, nullptr);
}

} // namespace

void bench(Model &model, const BenchOptions &options) {
  Roles roles(model);
  int64_t fixed = fixedTokens(model, roles);
  std::vector<int64_t> counts = options.tokens;
  if (counts.empty())
    counts = fixed >= 0 ? std::vector<int64_t>{fixed} : std::vector<int64_t>{1, 16, 512};
  for (int64_t count : counts)
    if (fixed >= 0 && count != fixed)
      throw Failure(Exit::Invalid, "--tokens " + std::to_string(count) + ": the model takes " + std::to_string(fixed) + " tokens at a time");

  if (options.past && model.keepsState())
    throw Failure(Exit::Invalid, "--past: the session keeps the state of this artefact; compile it without --stateful");
  moert_session_stats stats;
  moert_session_get_stats(model.session(), &stats);
  Peak peak = measurePeak(stats.threads);
  int64_t weights = moert_module_weight_bytes(model.module());
  Json result = {{"target", moert_module_chosen_target(model.module())},
                 {"isa", moert_module_chosen_isa(model.module())},
                 {"threads", stats.threads},
                 {"weight_bytes", weights},
                 {"machine", {{"units", peak.units}, {"f32_gflops", rounded(peak.f32)}, {"bf16_gflops", rounded(peak.bf16)}, {"int8_gops", rounded(peak.int8)}}},
                 {"cases", Json::array()}};
  std::mt19937_64 random(1);
  for (int64_t tokens : counts) {
    std::vector<std::vector<int64_t>> shapes = inputShapes(model, roles, tokens, options.past, options.lengths);
    std::vector<Array> arrays = randomInputs(model, roles, shapes, options.past, random);
    std::vector<moert_tensor> arguments;
    for (const Array &array : arrays)
      arguments.push_back(array.tensor());
    int64_t read = bytesRead(model, arguments);
    double bandwidth = measureReadBandwidth(stats.threads);
    std::vector<double> seconds = timeRuns(model, arguments);
    double middle = median(seconds);
    std::vector<double> deviations;
    for (double value : seconds)
      deviations.push_back(std::abs(value - middle));
    moert_session_get_stats(model.session(), &stats);
    result["cases"].push_back({{"tokens", tokens},
                               {"past", options.past},
                               {"runs", seconds.size()},
                               {"ms_median", rounded(middle * 1e3)},
                               {"ms_mad", rounded(median(deviations) * 1e3)},
                               {"tokens_per_s", rounded(double(tokens) / middle)},
                               {"weight_bytes_read", read},
                               {"weight_gb_per_s", rounded(double(read) / middle / 1e9)},
                               {"read_gb_per_s", rounded(bandwidth)},
                               {"bandwidth_share", rounded(double(read) / middle / 1e9 / bandwidth)},
                               {"activation_peak_bytes", stats.peak_bytes}});
  }
  std::printf("%s\n", result.dump(1).c_str());
}

} // namespace moerun
