//===- Check.cpp - proving a compilation by execution -----------------------------------------------------------===//
#include "Check.h"
#include "RandomInputs.h"
#include "moe/Check/Execution.h"
#include "moe/Support/Pending.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"

using namespace mlir;

namespace moe {
namespace {

using moerun::Model;

/// Differences that another order of additions explains, relative to the largest value.
double toleranceOf(Type element) {
  auto real = dyn_cast<FloatType>(element);
  return real && real.getWidth() < 32 ? 3e-2 : 1e-4;
}

/// A folder for artefacts that are compared, removed at the end.
struct Scratch {
  llvm::SmallString<128> path;
  Scratch() { (void)llvm::sys::fs::createUniqueDirectory("moe-check", path); }
  ~Scratch() { llvm::sys::fs::remove_directories(path); }
};

/// Lengths and contents of inputs that the model could get.
class InputMaker {
public:
  explicit InputMaker(const Model &model) : model(model), roles(model) {}

  std::vector<moerun::Array> make(std::mt19937_64 &random) {
    auto between = [&](int64_t low, int64_t high) { return low + int64_t(random() % uint64_t(high - low + 1)); };
    if (roles.tokens < 0)
      return moerun::randomInputs(model, roles, anyShapes(between), 0, random);
    int64_t fixed = moerun::fixedTokens(model, roles), past = between(0, 7);
    moerun::GivenLengths given;
    const moert_value_info &ids = *model.inputs[roles.tokens];
    if (ids.rank == 2 && isSymbol(ids.expressions[0]))
      given[ids.expressions[0]] = between(1, 3);
    return moerun::randomInputs(model, roles, moerun::inputShapes(model, roles, fixed >= 0 ? fixed : between(1, 9), past, given), past, random);
  }

private:
  static bool isSymbol(StringRef expression) { return !expression.empty() && llvm::all_of(expression, [](char c) { return isalnum(c) || c == '_'; }); }

  /// Every length that is open takes a value, one symbol after the other.
  std::vector<std::vector<int64_t>> anyShapes(function_ref<int64_t(int64_t, int64_t)> between) {
    std::map<std::string, int64_t> symbols;
    for (size_t input = 0; input < model.inputs.size(); ++input)
      for (int32_t axis = 0; axis < model.inputs[input]->rank; ++axis)
        if (const char *name = model.inputs[input]->expressions[axis]; model.inputLengths(symbols)[input][axis] < 0 && isSymbol(name))
          symbols[name] = between(1, 9);
    std::vector<std::vector<int64_t>> shapes = model.inputLengths(symbols);
    for (std::vector<int64_t> &shape : shapes)
      for (int64_t &length : shape)
        if (length < 0)
          length = between(1, 9);
    return shapes;
  }

  const Model &model;
  moerun::Roles roles;
};

class Checker {
public:
  Checker(const CompileRequest &request, MLIRContext &context, llvm::raw_ostream &out)
      : request(request), context(context), out(out), output(request.output) {}

  ExitCode run(int count) {
    bool formats = !request.options.weights.empty();
    std::string whole = isHandedOver() ? output.path() : scratchPath("asked");
    for (auto [model, path, set] :
         {std::tuple(&asked, whole, +[](CompileOptions &) {}),
          std::tuple(&plain, scratchPath("plain"), +[](CompileOptions &o) { o.raise = false, o.weights = ""; }),
          std::tuple(&proofs, scratchPath("proofs"), +[](CompileOptions &o) { o.proofs = true, o.weights = ""; }),
          std::tuple(&decoded, scratchPath("decoded"), +[](CompileOptions &o) { o.decodeWeights = true; })}) {
      if (model == &decoded && !formats)
        continue;
      CompileRequest part = request;
      part.output = path;
      part.to = Stage::Emit;
      set(part.options);
      if (path != output.path()) { // what is said of the model is said once
        part.options.quiet = true;
        part.options.explain = nullptr;
      }
      if (ExitCode code = compile(part, context); code != ExitCode::Done)
        return code;
      *model = std::make_unique<Model>(moerun::ModelOptions{path, "", "", "", ""});
    }
    InputMaker maker(*plain);
    std::mt19937_64 random(20);
    int done = 0;
    for (int tries = 0; done < count && tries < 10 * count; ++tries)
      done += trial(maker.make(random));
    if (done < count)
      return failed("the model runs on " + Twine(done) + " of " + Twine(10 * count) + " random inputs; it cannot be checked");
    ExitCode code = report(count);
    if (code != ExitCode::Done || !isHandedOver())
      return code;
    if (std::error_code error = output.commit()) {
      emitError(FileLineColLoc::get(&context, request.output, 0, 0)) << "cannot be written: " << error.message();
      return ExitCode::System;
    }
    return code;
  }

private:
  bool isHandedOver() const { return request.to.value_or(Stage::Emit) == Stage::Emit; }
  std::string scratchPath(StringRef name) const { return (scratch.path + "/" + name + ".moe").str(); }

  ExitCode failed(const Twine &message) {
    emitError(FileLineColLoc::get(&context, request.input, 0, 0)) << "check: " << message;
    return ExitCode::Invalid;
  }

  /// Runs all artefacts; false where the model itself cannot run on these lengths.
  bool trial(const std::vector<moerun::Array> &arrays) {
    std::vector<moert_tensor> arguments;
    for (const moerun::Array &array : arrays)
      arguments.push_back(array.tensor());
    std::vector<moert_tensor> expected;
    try {
      expected = plain->run(arguments);
    } catch (const moerun::Failure &failure) {
      if (failure.exit != moerun::Exit::Invalid)
        throw;
      return false;
    }
    if (decoded) // weights of other formats give other numbers: the same ones as floats are the measure
      expected = decoded->run(arguments);
    std::vector<moert_tensor> got = asked->run(arguments), both = proofs->run(arguments);
    for (size_t i = 0; i < expected.size(); ++i)
      compareOne("output", nameOf(*plain, i), got[i], expected[i]);
    for (size_t i = expected.size(); i + 1 < both.size(); i += 2) {
      const std::string name = nameOf(*proofs, i); // "proof N OP 'NODE' raised"
      auto [what, where] = StringRef(name).drop_front(StringRef("proof ").size()).split(' ').second.split(' ');
      compareOne(what, where.rsplit(' ').first, both[i], both[i + 1]);
    }
    return true;
  }

  static std::string nameOf(const Model &model, size_t output) { return model.outputs[output]->name; }

  void compareOne(StringRef what, StringRef where, const moert_tensor &got, const moert_tensor &expected) {
    Tensor x = tensorOf(got, &context), y = tensorOf(expected, &context);
    Difference difference = compare(x, y, 1e-6);
    double worst = difference.comparable ? difference.worst : INFINITY;
    Row &row = rows[what.str()];
    row.places.insert(where.str());
    row.worst = std::max(row.worst, worst);
    if (!(worst <= toleranceOf(x.elementType())))
      row.wrong[where.str()] = std::max(row.wrong[where.str()], worst);
  }

  ExitCode report(int count) {
    int64_t wrong = 0;
    out << "check: " << count << " random inputs\n";
    for (auto &[what, row] : rows) {
      out << llvm::format("  %-16s %4zu   worst difference %.1e\n", what.c_str(), row.places.size(), row.worst);
      for (auto &[where, difference] : row.wrong)
        ++wrong, out << "    differs: " << where << llvm::format("  %.1e\n", difference);
    }
    if (wrong)
      return failed(Twine(wrong) + " results differ from the original graph's; compile with --plain, and report the file");
    return ExitCode::Done;
  }

  struct Row {
    std::set<std::string> places;
    std::map<std::string, double> wrong;
    double worst = 0;
  };

  const CompileRequest &request;
  MLIRContext &context;
  llvm::raw_ostream &out;
  Scratch scratch;
  Pending output;
  std::unique_ptr<Model> asked, plain, proofs, decoded; ///< decoded: where weights have other formats
  std::map<std::string, Row> rows;
};

} // namespace

ExitCode checkByExecution(const CompileRequest &request, MLIRContext &context, int count, llvm::raw_ostream &out) {
  Checker checker(request, context, out);
  try {
    return checker.run(count);
  } catch (const moerun::Failure &failure) {
    emitError(FileLineColLoc::get(&context, request.input, 0, 0)) << "check: " << failure.what();
    return ExitCode(failure.exit);
  }
}

} // namespace moe
