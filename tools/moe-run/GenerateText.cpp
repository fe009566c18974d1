//===- GenerateText.cpp - a prompt's continuation on the terminal ---------------------------------------------------------===//
#include "GenerateText.h"
#include "ExpertPicture.h"
#include <cstdio>
#include <fstream>
#include <unistd.h>

namespace moerun {
namespace {

/// The most memory that the process had, in bytes (VmHWM).
int64_t peakMemory() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (int64_t kibibytes; word == "VmHWM:" && status >> kibibytes)
      return kibibytes * 1024;
  return 0;
}

} // namespace

void generateText(Model &model, const Options &options) {
  auto emit = [&](int64_t token) {
    if (!options.promptIsText)
      std::printf("%lld ", (long long)token);
    else if (token < 256)
      std::putchar(int(token));
    else
      std::printf("<%lld>", (long long)token);
    std::fflush(stdout);
  };
  bool terminal = isatty(STDERR_FILENO), shown = options.statistics || terminal;
  bool traced = !options.routingTrace.empty();
  RoutingTrace routing(/*keepRuns=*/traced);
  if (shown || traced)
    observeRouting(model, routing);
  GenerateStatistics statistics = generate(model, options.generate, emit);
  std::putchar('\n');
  std::fflush(stdout); // what follows goes to the error output
  if (traced)
    routing.write(options.routingTrace);
  if (!shown)
    return;
  std::fprintf(stderr, "prefill %lld tokens, %.1f tokens/s; decode %lld tokens, %.1f tokens/s; peak memory %.1f MiB\n",
               (long long)statistics.prompt, double(statistics.prompt) / statistics.prefillSeconds, (long long)statistics.generated,
               statistics.generated > 1 ? double(statistics.generated - 1) / statistics.decodeSeconds : 0.0, double(peakMemory()) / (1 << 20));
  std::fputs(expertPicture(routing.layers(), terminal).c_str(), stderr);
}

} // namespace moerun
