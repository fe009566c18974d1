//===- Options.cpp - the command line ------------------------------------------------------------------------------------===//
#include "Options.h"
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

namespace moerun {

const char *const kUsage = R"(usage: moe-run MODEL.moe [options]

Runs an artefact that moe-opt wrote.

Once, on arrays:
  --input FILE.npz | NAME=FILE.npy   arrays for the inputs, named as in the model; may be repeated
  --output FILE.npz | FOLDER         where the results go; without it their shapes are printed

Continuing a text:
  --prompt TEXT                      one token for each byte
  --prompt-ids 1,2,3                 token numbers; new ones are printed as numbers
  --max-new N                        default 64
  --stop-ids 0,2                     tokens that end the text
  --temperature T, --top-k K, --seed N   choose at random; without a temperature always the most likely token
  --stats                            print tokens/s, peak memory and the experts' shares also where the error output is no terminal

Once and with a text:
  --routing-trace FILE.json          which experts the tokens of each layer went to, for all runs

Measuring, JSON to the output:
  --bench                            medians on random inputs, beside this machine's bandwidth and peak
  --tokens 1,16,512                  tokens in a run
  --past N                           tokens in the caches before it (default 0)

Always:
  --entry NAME                       the entry point (default: the first)
  --target NAME, --isa NAME          code and instruction set to use (default: the best that this machine has)
  --device NAME                      cpu or emu (default: the one of the code), or null, which skips all kernels
  --threads N                        default: OMP_NUM_THREADS, else all processors that the process may use
  --length SYMBOL=N                  a length that does not follow from the model; may be repeated (with a prompt or --bench)

Exit codes: 0 done, 1 wrong usage, 2 invalid or unsupported input, 3 I/O or resources, 70 a bug.
)";

namespace {

[[noreturn]] void usage(const std::string &message) { throw Failure(Exit::Usage, message + "; see moe-run --help"); }

int64_t wholeNumber(std::string_view text, int64_t least, int64_t most, const std::string &option) {
  int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < least || value > most)
    usage(option + " " + std::string(text) + ": a whole number from " + std::to_string(least) + " to " + std::to_string(most) + " is wanted");
  return value;
}

std::vector<int64_t> wholeNumbers(std::string_view text, int64_t least, const std::string &option) {
  std::vector<int64_t> values;
  for (size_t at = 0; at <= text.size();) {
    size_t comma = std::min(text.find(',', at), text.size());
    values.push_back(wholeNumber(text.substr(at, comma - at), least, INT32_MAX, option));
    at = comma + 1;
  }
  return values;
}

double number(const std::string &text, const std::string &option) {
  char *end;
  double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end || !(value >= 0) || std::isinf(value))
    usage(option + " " + text + ": a number from 0 is wanted");
  return value;
}

/// An option: what it is called, the modes that know it, and what it does with its value.
struct Option {
  enum Modes { RunOnce = 1 << int(Mode::RunOnce), Bench = 1 << int(Mode::Bench), Generate = 1 << int(Mode::Generate), All = RunOnce | Bench | Generate };
  const char *name;
  int modes;
  bool hasValue;
  void (*apply)(Options &options, const std::string &value, const std::string &name);
};

void setLength(Options &options, const std::string &value, const std::string &name) {
  size_t equals = value.rfind('=');
  if (equals == value.npos || equals == 0)
    usage(name + " " + value + ": SYMBOL=N is wanted");
  int64_t length = wholeNumber(std::string_view(value).substr(equals + 1), 0, INT32_MAX, name);
  options.bench.lengths[value.substr(0, equals)] = options.generate.lengths[value.substr(0, equals)] = length;
}

void setPrompt(Options &options, const std::string &value, const std::string &) {
  options.promptIsText = true;
  for (char byte : value)
    options.generate.prompt.push_back(static_cast<unsigned char>(byte));
}

using O = Options;
using S = const std::string;
const Option kOptions[] = {
    {"--input", Option::RunOnce, true, [](O &o, S &value, S &) { o.inputs.push_back(value); }},
    {"--output", Option::RunOnce, true, [](O &o, S &value, S &) { o.output = value; }},
    {"--prompt", Option::Generate, true, setPrompt},
    {"--prompt-ids", Option::Generate, true, [](O &o, S &value, S &name) { o.generate.prompt = wholeNumbers(value, 0, name); }},
    {"--max-new", Option::Generate, true, [](O &o, S &value, S &name) { o.generate.maxNew = wholeNumber(value, 0, INT32_MAX, name); }},
    {"--stop-ids", Option::Generate, true, [](O &o, S &value, S &name) { o.generate.stopIds = wholeNumbers(value, 0, name); }},
    {"--temperature", Option::Generate, true, [](O &o, S &value, S &name) { o.generate.sampler.temperature = number(value, name); }},
    {"--top-k", Option::Generate, true, [](O &o, S &value, S &name) { o.generate.sampler.topK = wholeNumber(value, 1, INT32_MAX, name); }},
    {"--seed", Option::Generate, true, [](O &o, S &value, S &name) { o.generate.sampler.seed = uint64_t(wholeNumber(value, 0, INT64_MAX, name)); }},
    {"--stats", Option::Generate, false, [](O &o, S &, S &) { o.statistics = true; }},
    {"--routing-trace", Option::RunOnce | Option::Generate, true, [](O &o, S &value, S &) { o.routingTrace = value; }},
    {"--bench", Option::Bench, false, [](O &, S &, S &) {}},
    {"--tokens", Option::Bench, true, [](O &o, S &value, S &name) { o.bench.tokens = wholeNumbers(value, 1, name); }},
    {"--past", Option::Bench, true, [](O &o, S &value, S &name) { o.bench.past = wholeNumber(value, 0, INT32_MAX, name); }},
    {"--entry", Option::All, true, [](O &o, S &value, S &) { o.model.entry = value; }},
    {"--target", Option::All, true, [](O &o, S &value, S &) { o.model.target = value; }},
    {"--isa", Option::All, true, [](O &o, S &value, S &) { o.model.isa = value; }},
    {"--device", Option::All, true, [](O &o, S &value, S &) { o.model.device = value; }},
    {"--threads", Option::All, true, [](O &o, S &value, S &name) { o.model.threads = int(wholeNumber(value, 1, 4096, name)); }},
    {"--length", Option::Bench | Option::Generate, true, setLength},
};

} // namespace

std::optional<Options> parseOptions(int argc, char **argv) {
  Options options;
  std::vector<std::pair<const Option *, std::string>> given;
  std::vector<std::string> names;
  for (int i = 1; i < argc; ++i) {
    std::string argument = argv[i], value;
    if (argument == "--help" || argument == "-h")
      return std::nullopt;
    if (argument.empty() || argument[0] != '-') {
      names.push_back(argument);
      continue;
    }
    size_t equals = argument.find('=');
    std::string name = argument.substr(0, equals);
    auto *option = std::find_if(std::begin(kOptions), std::end(kOptions), [&](const Option &row) { return row.name == name; });
    if (option == std::end(kOptions))
      usage(argument + ": there is no such option");
    if (!option->hasValue && equals != argument.npos)
      usage(argument + ": the option takes no value");
    if (option->hasValue && equals == argument.npos && ++i == argc)
      usage(name + ": a value is missing");
    given.emplace_back(option, !option->hasValue ? "" : equals != argument.npos ? argument.substr(equals + 1) : argv[i]);
  }
  if (names.size() != 1)
    usage("exactly one artefact is wanted");
  options.model.path = names[0];
  auto has = [&](const char *name) { return std::any_of(given.begin(), given.end(), [&](auto &item) { return item.first->name == std::string_view(name); }); };
  if (has("--prompt") && has("--prompt-ids"))
    usage("--prompt and --prompt-ids exclude each other");
  options.mode = has("--bench") ? Mode::Bench : has("--prompt") || has("--prompt-ids") ? Mode::Generate : Mode::RunOnce;
  for (auto &[option, value] : given) {
    if (!(option->modes & 1 << int(options.mode)))
      usage(std::string(option->name) + " has no use " + (options.mode == Mode::Bench ? "with --bench" : options.mode == Mode::Generate ? "with a prompt" : "without --bench or a prompt"));
    option->apply(options, value, option->name);
  }
  return options;
}

} // namespace moerun
