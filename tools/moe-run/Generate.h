//===- Generate.h - continuing a text -------------------------------------------------------------------------*- C++ -*-===//
#pragma once

#include "InputShapes.h"
#include "Sampler.h"
#include <functional>

namespace moerun {

struct GenerateOptions {
  std::vector<int64_t> prompt; ///< token numbers
  int64_t maxNew = 64;
  std::vector<int64_t> stopIds; ///< tokens that end the text
  SamplerOptions sampler;
  GivenLengths lengths;
};

struct GenerateStatistics {
  int64_t prompt = 0, generated = 0;
  double prefillSeconds = 0, decodeSeconds = 0; ///< until the first new token, and for those after it
};

/// Continues the prompt and hands each new token to `emit` as it comes. State stays in the session where the artefact was made with
/// --stateful, else state outputs become the next run's state inputs without a copy; a model without state reads the whole sequence for
/// each token; a model that takes a fixed number of tokens gets the prompt in such pieces. Throws Failure where the model is not of that kind; the message says which input or output is missing or unknown.
GenerateStatistics generate(Model &model, const GenerateOptions &options, const std::function<void(int64_t token)> &emit);

} // namespace moerun
