//===- Options.h - what a compilation is asked for ----------------------------------------------------*- C++ -*-===//
#pragma once

#include "moe/Dialect/HostOp.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace moe {

class Target;

/// What the operands of products may be rounded to.
enum class Math {
  Model, ///< nothing: they keep the model's own types
  Bf16,  ///< bfloat16; sums stay in float32
};

/// The only options of the pipelines; tools fill them in from their command lines.
struct CompileOptions {
  std::vector<std::shared_ptr<const Target>> targets; ///< none: cpu. Stages from schedule on are for the first one
  bool strict = false;   ///< a fallback is an error instead of a remark
  bool raise = true;     ///< recognise constructs; without it every node takes the plain path
  bool proofs = false;   ///< each raised value and its original become results of the entry (moe-expose-proofs)
  Math math = Math::Model;
  std::string weights; ///< formats of weights, as --weights takes them; empty: their own
  bool decodeWeights = false; ///< codes become numbers when the artefact is written: what kernels on codes are compared with
  bool keepContrib = false; ///< operators of ONNX Runtime, and recurrences, for which it has none, stay as they are: the output is an ONNX file
  bool stateful = false; ///< past inputs and present outputs become state of the session
  std::vector<std::string> lengths; ///< NAME=N: lengths of fresh states that no input has
  std::vector<HostOp> hostOps; ///< operators that the program that runs the artefact supplies
  bool generalizeLength = false; ///< loops that the exporter wrote once per step run as many steps as their inputs have
  bool verifyEach = true;
  bool quiet = false;    ///< no remarks about the plain path
  llvm::raw_ostream *explain = nullptr; ///< where what was recognised is explained; null for nowhere
  std::function<void(llvm::StringRef what, double share)> progress; ///< told what is being done, and the share of it that is; may be empty
  std::function<mlir::LogicalResult(mlir::PassManager &)> configure; ///< sets up instrumentation of each stage's passes; may be empty

  /// The one that stages from schedule on are for.
  const Target &target() const;
  /// The same options for one target.
  CompileOptions only(std::shared_ptr<const Target> target) const;
  void report(llvm::StringRef what, double share = 0) const {
    if (progress)
      progress(what, share);
  }
};

/// An option as tools, the C API and Python name it.
struct OptionInfo {
  llvm::StringLiteral name;
  llvm::StringLiteral value; ///< what it takes, for help; empty for a flag, whose value is "" or "true"
  llvm::StringLiteral help;
  llvm::Error (*set)(CompileOptions &, llvm::StringRef value); ///< fails with a message that says what is wanted
};

/// All options that choose how a model is compiled.
llvm::ArrayRef<OptionInfo> optionInfos();
/// Names of options that the contract has and this version does not.
llvm::ArrayRef<llvm::StringLiteral> missingOptions();

/// Sets the option called `name`; one that this version does not have is an error that says so.
llvm::Error setOption(CompileOptions &options, llvm::StringRef name, llvm::StringRef value);

} // namespace moe
