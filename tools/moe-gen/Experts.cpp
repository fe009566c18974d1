//===- Experts.cpp - layers of experts in every exporter's form -------------------------------------------------===//
#include "Experts.h"

namespace moe::gen {

/// An expert that every token runs through.
static Name sharedExpert(Graph &g, const Options &o, const std::string &prefix, const Name &x) {
  Options one = o;
  one.ffn = o.shared;
  Bank bank{g, one, prefix + "shared_"};
  auto project = [&](const char *projection, const Name &value) { return g.node("MatMul", {value, bank.single(projection, 0, Layout::Columns)}); };
  return project("down", bank.unit(o.gated() ? project("gate", x) : Name(), project("up", x)));
}

Name experts(Graph &g, const Options &o, const std::string &prefix, const Name &x) {
  Bank bank{g, o, prefix};
  Routed routed = route(g, o, prefix, x);
  auto layer = [&] {
    switch (o.form) {
    case Form::Contrib:
    case Form::QMoe: return contribExperts(bank, x, routed);
    case Form::Sorted: return sortedExperts(bank, x, routed);
    case Form::Batched: return batchedExperts(bank, x, routed);
    case Form::Dense: return denseExperts(bank, x, routed);
    case Form::Masked: return maskedExperts(bank, x, routed);
    case Form::Loop: return loopExperts(bank, x, routed);
    case Form::LoopOp: return loopOpExperts(bank, x, routed);
    }
    return Name();
  };
  Name result = layer();
  return o.shared ? g.node("Add", {result, sharedExpert(g, o, prefix, x)}) : result;
}

} // namespace moe::gen
