//===- moe-run.cpp - runs artefacts ---------------------------------------------------------------------------------------===//
#include "GenerateText.h"
#include "Options.h"
#include "RoutingTrace.h"
#include "RunOnce.h"
#include <cstdio>
#include <new>

using namespace moerun;

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
  case Mode::RunOnce: runOnce(model, options); break;
  case Mode::Bench: bench(model, options.bench); break;
  case Mode::Generate: generateText(model, options); break;
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
