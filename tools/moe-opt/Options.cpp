//===- Options.cpp - the command line of moe-opt ----------------------------------------------------------------===//
#include "Options.h"
#include "llvm/Support/CommandLine.h"

namespace cl = llvm::cl;
using llvm::StringRef;

namespace moe {
namespace {

cl::OptionCategory category("Compilation");

std::string stageList() {
  std::string text;
  for (const StageInfo &info : stages())
    text += ("\n  " + info.name + ": " + info.sentence).str();
  return text;
}

cl::opt<std::string> from("from", cl::desc("resume: the input is a dump made by --to=STAGE"), cl::value_desc("stage"), cl::cat(category));
cl::opt<std::string> to("to", cl::desc("the last stage to run:" + stageList()), cl::value_desc("stage"), cl::cat(category));
cl::opt<std::string> check("check", cl::desc("prove each raise and compare the artefact with the plain path on N random inputs (3)"), cl::ValueOptional,
                   cl::value_desc("N"), cl::cat(category));
cl::opt<bool> explain("explain", cl::desc("print what was recognised and what takes the plain path, and why"), cl::cat(category));

/// One command-line option for each option of a compilation, and the missing ones of the contract.
std::vector<std::unique_ptr<cl::list<std::string>>> compileOptions;

llvm::Error wrong(const llvm::Twine &message) { return llvm::createStringError(message); }

llvm::Error readStage(const cl::opt<std::string> &option, std::optional<Stage> &stage) {
  stage = stageNamed(option);
  if (option.empty() || stage)
    return llvm::Error::success();
  std::string names;
  for (const StageInfo &info : stages())
    names += (names.empty() ? "" : ", ") + info.name.str();
  return wrong("--" + option.ArgStr + "=" + option + ": there is no such stage; the stages are " + names);
}

llvm::Error readCompileOptions(CompileOptions &options) {
  for (const auto &option : compileOptions)
    for (const std::string &value : *option)
      if (llvm::Error error = setOption(options, option->ArgStr, value))
        return error;
  return llvm::Error::success();
}

/// The last stage, from --to and from what the output's name wants.
llvm::Error readOutput(CompileRequest &request) {
  bool artefact = StringRef(request.output).rtrim('/').ends_with(".moe"), graph = StringRef(request.output).ends_with(".onnx");
  if (graph && (request.to.value_or(Stage::Optimize) != Stage::Optimize || request.options.stateful))
    return wrong("-o " + request.output + ": an ONNX file is written after the optimize stage, and keeps no state");
  if (graph && !request.options.weights.empty())
    return wrong("-o " + request.output + ": --weights chooses formats of an artefact; ONNX files keep the model's own");
  if (graph) {
    request.to = Stage::Optimize;
    request.options.keepContrib = true;
    return llvm::Error::success();
  }
  if (!artefact && request.output != "-" && !StringRef(request.output).ends_with(".mlir"))
    return wrong("-o " + request.output + ": the name must end in .moe (an artefact), .onnx (an optimized graph) or .mlir (a dump), or be - (printed)");
  if (artefact && request.to.value_or(Stage::Emit) != Stage::Emit)
    return wrong("-o " + request.output + " wants an artefact, which --to=" + to + " does not make");
  if (!artefact && request.to.value_or(Stage::Raise) == Stage::Emit)
    return wrong("--to=emit makes an artefact: name it with -o NAME.moe");
  if (!request.to)
    request.to = artefact ? Stage::Emit : Stage::Raise;
  return llvm::Error::success();
}

} // namespace

void registerOptions() {
  auto add = [](StringRef name, cl::ValueExpected expected, StringRef value, StringRef help, cl::OptionHidden hidden) {
    compileOptions.push_back(std::make_unique<cl::list<std::string>>(name, cl::desc(help), cl::value_desc(value), expected, hidden, cl::cat(category)));
  };
  for (const OptionInfo &info : optionInfos()) // a flag may be given a value, which is an error with a message of its own
    add(info.name, info.value.empty() ? cl::ValueOptional : cl::ValueRequired, info.value, info.help, cl::NotHidden);
  for (StringRef name : missingOptions())
    add(name, cl::ValueOptional, "", "not in this version", cl::Hidden);
}

llvm::Expected<CommandLine> readCommandLine(StringRef input, StringRef output) {
  CommandLine result;
  CompileRequest &request = result.request;
  request.input = input.str();
  request.output = output.str();
  bool onnx = input.ends_with(".onnx");
  result.compile = onnx || !from.empty() || !to.empty() || output.ends_with(".onnx") || output.rtrim('/').ends_with(".moe");
  if (llvm::Error error = readCompileOptions(request.options))
    return error;
  if (!result.compile)
    return result;
  if (llvm::Error error = readStage(from, request.from))
    return error;
  if (llvm::Error error = readStage(to, request.to))
    return error;
  if (onnx && request.from)
    return wrong("--from=" + from + ": an ONNX file is not a dump; --from is for .mlir");
  if (llvm::Error error = readOutput(request))
    return error;
  if (request.from && *request.from >= *request.to)
    return wrong("--from=" + from + " comes after the last stage to run");
  result.explain = explain;
  if (check.getNumOccurrences() && !check.empty() && (StringRef(check).getAsInteger(10, result.check) || result.check < 1))
    return wrong("--check=" + check + ": a number of inputs from 1 is wanted");
  if (check.getNumOccurrences() && check.empty())
    result.check = 3;
  if (result.check && !onnx)
    return wrong("--check needs the ONNX file");
  if (result.check && (request.options.stateful || request.options.keepContrib))
    return wrong("--check compares an artefact that has the model's own inputs and outputs: name one with -o NAME.moe and leave --stateful out");
  if (result.check && !result.request.options.hostOps.empty())
    return wrong("--check runs the model here, where --host-op=" + result.request.options.hostOps.front().name + " is not supplied: leave one of them out");
  return result;
}

} // namespace moe
