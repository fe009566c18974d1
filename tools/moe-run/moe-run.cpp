//===- moe-run.cpp - runs artefacts ---------------------------------------------------------------------------------------===//
#include "ExpertPicture.h"
#include "Options.h"
#include "RunOnce.h"
#include <cstdio>
#include <fstream>
#include <new>
#include <unistd.h>

using namespace moerun;

/// The most memory that the process had, in bytes (VmHWM).
static int64_t peakMemory() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (int64_t kibibytes; word == "VmHWM:" && status >> kibibytes)
      return kibibytes * 1024;
  return 0;
}

static void generateText(Model &model, const Options &options) {
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

static void runOnce(Model &model, const Options &options) {
  bool traced = !options.routingTrace.empty();
  RoutingTrace routing(/*keepRuns=*/traced);
  if (traced)
    observeRouting(model, routing);
  runOnce(model, options.inputs, options.output);
  if (traced)
    routing.write(options.routingTrace);
}

static void runTool(const Options &options) {
  Model model(options.model);
  switch (options.mode) {
  case Mode::RunOnce:
    runOnce(model, options);
    break;
  case Mode::Bench:
    bench(model, options.bench);
    break;
  case Mode::Generate:
    generateText(model, options);
    break;
  }
  if (std::fflush(stdout) != 0 || std::ferror(stdout))
    throw Failure(Exit::System, "cannot write the output");
}

int main(int argc, char **argv) {
  try {
    if (std::optional<Options> options = parseOptions(argc, argv))
      runTool(*options);
    else
      std::fputs(kUsage, stdout);
    return int(Exit::Done);
  } catch (const Failure &failure) {
    std::fprintf(stderr, "moe-run: error: %s\n", failure.what());
    return int(failure.exit);
  } catch (const std::bad_alloc &) {
    std::fputs("moe-run: error: out of memory\n", stderr);
    return int(Exit::System);
  } catch (const std::exception &error) {
    std::fprintf(stderr, "moe-run: internal error: %s\n", error.what());
    return int(Exit::Bug);
  }
}
