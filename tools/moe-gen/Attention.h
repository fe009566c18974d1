//===- Attention.h - layers of attention in every exporter's form -------------------------------------*- C++ -*-===//
#pragma once

#include "Graph.h"
#include "Options.h"

namespace moe::gen {

/// Layers of grouped-query attention over the same positions: causal, within a window, where the input attention_mask [batch, total] is 1.
/// With a cache layer N reads past_key_values.N.{key,value} [batch, groups, past, width] and gives present.N.{key,value}.
class Attention {
public:
  /// Declares the inputs of all layers; the axes of `tokens` begin with batch and length.
  Attention(Graph &g, const Options &o, const Name &tokens);
  /// Attention of x [batch, length, hidden], projections included.
  Name layer(int64_t index, const Name &x);

private:
  struct Projected {
    Name q, k, v; ///< [batch, length, heads, width], normalised
  };
  Projected project(const std::string &prefix, const Name &x) const;
  /// The key or value of all positions; it is the layer's present too.
  Name extended(int64_t index, const char *what, const Name &own) const;
  void present(int64_t index, const char *what, const Name &value) const;
  Name rotated(const Name &x) const;
  Name grouped(const Name &x) const;
  Name decomposed(const Name &q, const Name &k, const Name &v) const;
  Name contrib(int64_t index, const Projected &own) const;
  Name heads(const Name &x, int64_t count) const;
  void describeLengths();
  void describeMask(const Name &queries, const Name &keys);
  void describeRotation(const Name &queries);

  Graph &g;
  const Options &o;
  Name mask;           ///< the input
  Name allowed;        ///< [batch, 1, length, total]: which keys a query sees
  Name cosine, sine;   ///< [length, width]; of GroupQueryAttention [context, width / 2]
  Name lengths, total; ///< of GroupQueryAttention
};

} // namespace moe::gen
