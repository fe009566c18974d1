//===- Generate.cpp - continuing a text ----------------------------------------------------------------------------------===//
#include "Generate.h"
#include "Floats.h"
#include <algorithm>
#include <chrono>
#include <cstring>

namespace moerun {
namespace {

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

/// The model, the state that it carries from run to run, and the inputs that change with each run.
class Decoder {
public:
  Decoder(Model &model, const GivenLengths &lengths) : model(model), roles(model), arguments(model.inputs.size()) {
    if (roles.tokens < 0)
      throw Failure(Exit::Invalid, "the model has no integer input that could be token numbers (input_ids); nothing can be generated");
    if (roles.logits < 0)
      throw Failure(Exit::Invalid, "the model has no output 'logits'; nothing can be generated");
    if (moert_type type = model.outputs[roles.logits]->type; !isFloat(type))
      throw Failure(Exit::Invalid, std::string("output 'logits' has type ") + moert_type_name(type) + "; numbers with a fraction are wanted");
    for (size_t i = 0; i < model.inputs.size(); ++i)
      if (roles.inputs[i] == Role::Other || (roles.inputs[i] == Role::Tokens && int(i) != roles.tokens))
        throw Failure(Exit::Invalid, std::string("input '") + model.inputs[i]->name +
                                         "' is neither tokens, mask, positions nor the state of an output; such a model can be run with --input, not with a prompt");
    fixed = fixedTokens(model, roles);
    hasState = model.keepsState() || std::find(roles.inputs.begin(), roles.inputs.end(), Role::State) != roles.inputs.end();
    model.reset();
    if (!hasState && fixed >= 0)
      throw Failure(Exit::Invalid, "the model keeps no state and takes exactly " + std::to_string(fixed) + " tokens; export it with a variable length");
    std::vector<std::vector<int64_t>> shapes = inputShapes(model, roles, fixed >= 0 ? fixed : 1, 0, lengths);
    for (size_t i = 0; i < model.inputs.size(); ++i) {
      leading.push_back(shapes[i]);
      if (roles.inputs[i] == Role::State) { // starts as zeros
        arrays.emplace_back(model.inputs[i]->type, shapes[i]);
        arguments[i] = arrays.back().tensor();
      }
    }
    states.resize(model.inputs.size());
  }

  /// Runs the model on more tokens; the logits after the last of them.
  std::vector<float> feed(const std::vector<int64_t> &tokens) {
    if (!hasState) {
      sequence.insert(sequence.end(), tokens.begin(), tokens.end());
      return step(sequence.data(), int64_t(sequence.size()));
    }
    int64_t piece = fixed >= 0 ? fixed : int64_t(tokens.size());
    if (int64_t(tokens.size()) % piece != 0)
      throw Failure(Exit::Invalid, "the model takes " + std::to_string(piece) + " tokens at a time, which does not divide " + std::to_string(tokens.size()));
    std::vector<float> logits;
    for (size_t at = 0; at < tokens.size(); at += size_t(piece)) {
      logits = step(tokens.data() + at, piece);
      past += piece;
    }
    return logits;
  }

private:
  struct FreeBuffer {
    void operator()(moert_buffer *buffer) const { moert_buffer_free(buffer); }
  };

  /// An integer input of the step: value(i) along the last axis.
  template <typename Value> void setInput(size_t index, int64_t length, Value value) {
    const moert_value_info &input = *model.inputs[index];
    std::vector<int64_t> dims = leading[index];
    if (dims.empty())
      throw Failure(Exit::Invalid, std::string("input '") + input.name + "' has no axis for positions of tokens");
    dims.back() = length;
    Array &array = stepArrays.emplace_back(input.type, dims);
    int64_t size = moert_type_bytes(input.type);
    for (int64_t i = 0; i < array.count(); ++i) {
      int64_t number = value(i % length);
      if (input.type == MOERT_FLOAT32)
        array.as<float>()[i] = float(number);
      else
        std::memcpy(array.data() + i * size, &number, size_t(size)); // little-endian
    }
    arguments[index] = array.tensor();
  }

  std::vector<float> step(const int64_t *tokens, int64_t count) {
    stepArrays.clear();
    for (size_t i = 0; i < model.inputs.size(); ++i) {
      if (roles.inputs[i] == Role::Tokens)
        setInput(i, count, [&](int64_t position) { return tokens[position]; });
      else if (roles.inputs[i] == Role::Mask)
        setInput(i, past + count, [](int64_t) { return 1; });
      else if (roles.inputs[i] == Role::Positions)
        setInput(i, count, [&](int64_t position) { return past + position; });
    }
    std::vector<moert_tensor> results = model.run(arguments);
    std::vector<float> logits = lastRow(results[roles.logits]);
    moveStates(results);
    return logits;
  }

  /// The results become inputs: their memory changes hands, nothing is copied.
  void moveStates(const std::vector<moert_tensor> &results) {
    std::vector<std::unique_ptr<moert_buffer, FreeBuffer>> next(states.size());
    for (size_t i = 0; i < states.size(); ++i) {
      if (roles.inputs[i] != Role::State)
        continue;
      const moert_tensor &result = results[roles.stateOutputs[i]];
      moert_buffer *buffer = nullptr;
      check(moert_session_detach(model.session(), result.data, &buffer));
      next[i].reset(buffer);
      arguments[i] = result;
    }
    states = std::move(next);
  }

  static std::vector<float> lastRow(const moert_tensor &logits) {
    int64_t vocabulary = logits.rank > 0 ? logits.dims[logits.rank - 1] : 0, count = vocabulary ? logits.bytes / moert_type_bytes(logits.type) : 0;
    if (count == 0)
      throw Failure(Exit::Invalid, "output 'logits' is empty");
    std::vector<float> row;
    for (int64_t i = count - vocabulary; i < count; ++i)
      row.push_back(float(floatAt(logits.type, logits.data, i)));
    return row;
  }

  Model &model;
  Roles roles;
  int64_t fixed = -1; ///< tokens that each run takes; -1: any number
  bool hasState = false;
  std::vector<moert_tensor> arguments;
  std::vector<std::vector<int64_t>> leading; ///< shapes of inputs; the last axis changes from step to step
  std::vector<Array> arrays;                 ///< states at the start
  std::vector<std::unique_ptr<moert_buffer, FreeBuffer>> states;
  std::vector<Array> stepArrays;
  std::vector<int64_t> sequence; ///< all tokens, where the model keeps no state
  int64_t past = 0;
};

} // namespace

GenerateStatistics generate(Model &model, const GenerateOptions &options, const std::function<void(int64_t token)> &emit) {
  if (options.prompt.empty())
    throw Failure(Exit::Usage, "the prompt is empty");
  Decoder decoder(model, options.lengths);
  Sampler sampler(options.sampler);
  GenerateStatistics statistics;
  statistics.prompt = int64_t(options.prompt.size());
  double start = now();
  std::vector<float> logits = decoder.feed(options.prompt);
  double first = now();
  statistics.prefillSeconds = first - start;
  while (statistics.generated < options.maxNew) {
    int64_t token = sampler.choose(logits);
    if (std::find(options.stopIds.begin(), options.stopIds.end(), token) != options.stopIds.end())
      break;
    ++statistics.generated;
    emit(token);
    if (statistics.generated < options.maxNew)
      logits = decoder.feed({token});
  }
  statistics.decodeSeconds = now() - first;
  return statistics;
}

} // namespace moerun
