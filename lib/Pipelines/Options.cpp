//===- Options.cpp - the options of a compilation by name -------------------------------------------------------===//
#include "moe/Pipelines/Options.h"
#include "moe/Target/Target.h"
#include "moe/Transforms/WeightFormat.h"
#include "llvm/ADT/StringExtras.h"

using llvm::Error;
using llvm::StringRef;

namespace moe {
namespace {

Error wrong(const llvm::Twine &message) { return llvm::createStringError(message); }

Error setTarget(CompileOptions &options, StringRef value) {
  std::vector<std::shared_ptr<const Target>> targets;
  for (StringRef name : llvm::split(value, ',')) {
    auto target = lookupTarget(name);
    if (!target)
      return target.takeError();
    for (const auto &other : targets)
      if (other->name() == (*target)->name())
        return wrong("target " + other->name() + " is given twice");
    targets.push_back(std::move(*target));
  }
  options.targets = std::move(targets);
  return Error::success();
}

Error setStrict(CompileOptions &options, StringRef) { return options.strict = true, Error::success(); }

Error setPlain(CompileOptions &options, StringRef) { return options.raise = false, Error::success(); }

Error setMath(CompileOptions &options, StringRef value) {
  if (value != "f32" && value != "bf16")
    return wrong("this version has f32 (products as exact as the model's own types) and bf16");
  options.math = value == "bf16" ? Math::Bf16 : Math::Model;
  return Error::success();
}

Error setWeights(CompileOptions &options, StringRef value) {
  auto formats = WeightFormats::parse(value);
  options.weights = value.str();
  return formats ? Error::success() : formats.takeError();
}

Error setStateful(CompileOptions &options, StringRef) { return options.stateful = true, Error::success(); }

Error setLength(CompileOptions &options, StringRef value) {
  int64_t number;
  if (value.split('=').first.empty() || value.split('=').second.getAsInteger(10, number) || number < 0)
    return wrong("give NAME=N, a length of a state that --stateful makes");
  options.lengths.push_back(value.str());
  return Error::success();
}

/// NAME, or NAME:K.
Error setHostOp(CompileOptions &options, StringRef value) {
  auto [name, like] = value.split(':');
  HostOp op{name.str(), {}};
  unsigned input = 0;
  if (name.empty() || (value.contains(':') && like.getAsInteger(10, input)))
    return wrong("give DOMAIN.NAME, or DOMAIN.NAME:K where every result has the type and lengths of input K");
  if (value.contains(':'))
    op.like = input;
  options.hostOps.push_back(op);
  return Error::success();
}

Error setGeneralizeLength(CompileOptions &options, StringRef) { return options.generalizeLength = true, Error::success(); }

constexpr OptionInfo kOptions[] = {
    {"target", "TARGET,...",
     "cpu (AVX2, AVX-512 and AMX code, chosen when it is loaded), cpu:native (this machine's alone), nvidia:CHIP (sm_80, sm_90a, sm_100a), amd:CHIP "
     "(gfx942, gfx950), emu:CHIP (a GPU's code, run on the processor), emu:gpu; default cpu",
     setTarget},
    {"math", "TYPE", "f32 or bf16: what the operands of projections and experts may be rounded to; default: the model's own types", setMath},
    {"weights", "FORMATS", "keep, bf16, f16, f8e4m3, int8, int4[:BLOCK[:zp]], mxfp4 or nvfp4, and ROLE=FORMAT for single roles (router, attention, gate_up, down, shared, embedding, head), separated by commas; default keep", setWeights},
    {"strict", "", "a construct that takes the plain path is an error, not a remark", setStrict},
    {"plain", "", "recognise nothing: every node takes the plain path", setPlain},
    {"stateful", "", "past inputs and present outputs become state that a session keeps and updates in place", setStateful},
    {"length", "NAME=N", "with --stateful: a length of the state at the start that no input has", setLength},
    {"host-op", "DOMAIN.NAME[:K]", "an operator that the program that runs the artefact supplies (moert_register_op); its results have the types that the "
     "model states as value_info, or those of input K", setHostOp},
    {"generalize-length", "", "loops that the exporter wrote once per step run as many steps as their inputs have", setGeneralizeLength},
};

/// Options of the contract that this version does not have: named in an error, not taken for a typing mistake.
constexpr llvm::StringLiteral kMissing[] = {"calibrate", "memory",        "measure-machine", "what-if",  "slice",
                                            "parallel", "report",    "routing-trace"};

} // namespace

const Target &CompileOptions::target() const {
  static const std::shared_ptr<const Target> cpu = llvm::cantFail(lookupTarget("cpu"));
  return targets.empty() ? *cpu : *targets.front();
}

CompileOptions CompileOptions::only(std::shared_ptr<const Target> target) const {
  CompileOptions result = *this;
  result.targets = {std::move(target)};
  return result;
}

llvm::ArrayRef<OptionInfo> optionInfos() { return kOptions; }
llvm::ArrayRef<llvm::StringLiteral> missingOptions() { return kMissing; }

Error setOption(CompileOptions &options, StringRef name, StringRef value) {
  for (const OptionInfo &info : kOptions)
    if (info.name == name) {
      if (info.value.empty() && !value.empty() && value != "true")
        return wrong("--" + name + " takes no value");
      if (Error error = info.set(options, value))
        return wrong("--" + name + (value.empty() ? "" : "=" + value) + ": " + llvm::toString(std::move(error)));
      return Error::success();
    }
  if (llvm::is_contained(kMissing, name))
    return wrong("--" + name + ": this version does not have this option yet");
  return wrong("--" + name + ": there is no such option");
}

} // namespace moe
