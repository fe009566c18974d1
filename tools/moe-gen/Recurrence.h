//===- Recurrence.h - a state carried over the steps of sequences -------------------------------------*- C++ -*-===//
#pragma once

#include "Graph.h"
#include "Options.h"

namespace moe::gen {

/// A tensor [batch, length, inner...] in float32.
struct Sequence {
  Name value;
  std::vector<int64_t> inner;
};

struct Swept {
  Name results; ///< [batch, length, ...]
  Name last;    ///< the state after all steps
};

/// (graph, state, slices of the sequences) -> (next state, the step's result), of shapes without the axis of time.
using Step = llvm::function_ref<std::pair<Name, Name>(Graph &, const Name &, llvm::ArrayRef<Name>)>;

/// Runs `step` over the sequences from the state [batch, stateShape...] on, as Scan, Loop or one step after another.
/// `resultShape` is that of a step's result without batch.
Swept sweep(Graph &g, const Options &o, const std::string &prefix, llvm::ArrayRef<Sequence> sequences, const Name &state,
            llvm::ArrayRef<int64_t> stateShape, llvm::ArrayRef<int64_t> resultShape, Step step);

/// The state that a layer begins with: zeros, or with a cache its input past.N.WHAT.
Name pastState(Graph &g, const Options &o, int64_t layer, const char *what, const Name &tokens, llvm::ArrayRef<int64_t> shape, Type type);
/// With a cache, the layer's output present.N.WHAT.
void presentState(Graph &g, const Options &o, int64_t layer, const char *what, const Name &value, llvm::ArrayRef<int64_t> shape, Type type);

/// silu of the causal convolution of every channel of x [batch, length, channels] with `o.conv` own weights and a bias; its past are the
/// o.conv - 1 last inputs.
Name causalConv(Graph &g, const Options &o, int64_t layer, const std::string &prefix, const Name &x, int64_t channels);

} // namespace moe::gen
