//===- moe-run.cpp - the command line -------------------------------------------------------------------------------===//
#include "RunOnce.h"
#include <cstdio>
#include <getopt.h>
#include <new>

using namespace moerun;

static constexpr char kUsage[] = R"(usage: moe-run MODEL.moe [options]

Runs an artefact that moe-opt wrote.

  --input FILE.npz | NAME=FILE.npy   arrays for the inputs, named as in the model; may be repeated
  --output FILE.npz | FOLDER         where the results go; without it their shapes are printed
  --entry NAME                       the entry point (default: the first)
  --target NAME, --isa NAME          code and instruction set to use (default: the best that this machine has)
  --device NAME                      cpu, or null, which skips all kernels
  --threads N                        default: OMP_NUM_THREADS, else all processors that the process may use

Exit codes: 0 done, 1 wrong usage, 2 invalid or unsupported input, 3 I/O or resources, 70 a bug.
)";

namespace {

struct Arguments {
  ModelOptions model;
  std::vector<std::string> inputs;
  std::string output;
};

int number(const char *option, const char *text, int least) {
  char *end;
  long value = std::strtol(text, &end, 10);
  if (*end || end == text || value < least || value > 1'000'000)
    throw Failure(Exit::Usage, std::string("--") + option + " " + text + ": a whole number from " + std::to_string(least) + " is wanted");
  return int(value);
}

/// Nullopt where help was asked for.
std::unique_ptr<Arguments> parse(int argc, char **argv) {
  enum { Help = 256, Input, Output, EntryName, Target, Isa, Device, Threads };
  static const option kOptions[] = {{"help", no_argument, nullptr, Help},           {"input", required_argument, nullptr, Input},
                                    {"output", required_argument, nullptr, Output}, {"entry", required_argument, nullptr, EntryName},
                                    {"target", required_argument, nullptr, Target}, {"isa", required_argument, nullptr, Isa},
                                    {"device", required_argument, nullptr, Device}, {"threads", required_argument, nullptr, Threads},
                                    {nullptr, 0, nullptr, 0}};
  auto result = std::make_unique<Arguments>();
  opterr = 0;
  for (int option; (option = getopt_long(argc, argv, ":", kOptions, nullptr)) != -1;) {
    switch (option) {
    case Help:
      return nullptr;
    case Input:
      result->inputs.push_back(optarg);
      break;
    case Output:
      result->output = optarg;
      break;
    case EntryName:
      result->model.entry = optarg;
      break;
    case Target:
      result->model.target = optarg;
      break;
    case Isa:
      result->model.isa = optarg;
      break;
    case Device:
      result->model.device = optarg;
      break;
    case Threads:
      result->model.threads = number("threads", optarg, 1);
      break;
    default:
      throw Failure(Exit::Usage, std::string(argv[optind - 1]) + (option == ':' ? ": a value is missing" : ": there is no such option; see moe-run --help"));
    }
  }
  if (argc - optind != 1)
    throw Failure(Exit::Usage, "exactly one artefact is wanted; see moe-run --help");
  result->model.path = argv[optind];
  return result;
}

} // namespace

int main(int argc, char **argv) {
  try {
    auto arguments = parse(argc, argv);
    if (!arguments) {
      std::fputs(kUsage, stdout);
      return int(Exit::Done);
    }
    Model model(arguments->model);
    runOnce(model, arguments->inputs, arguments->output);
    if (std::fflush(stdout) != 0)
      throw Failure(Exit::System, "cannot write the output");
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
