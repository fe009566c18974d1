//===- moe-gen.cpp - ONNX models of any shape, in every exporter's form -----------------------------------------===//
#include "CommandLine.h"
#include "Experts.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/WithColor.h"
#include <fstream>
#include <system_error>

using namespace moe::gen;

namespace {

enum Exit { kDone = 0, kUsage = 1, kSystem = 3 };

void build(Graph &g, const Options &o) {
  std::vector<std::string> shape = {"tokens", std::to_string(o.hidden)};
  Name x = g.input("hidden", o.type, shape);
  for (int64_t layer = 0; layer < o.layers; ++layer) {
    Name y = experts(g, o, "layers." + std::to_string(layer) + ".", x);
    x = o.layers == 1 ? y : g.node("Add", {x, y}); // several layers are residual ones
  }
  g.output(x, "result", o.type, shape);
}

void generate(const Options &o) {
  onnx::ModelProto model;
  model.set_ir_version(10);
  model.set_producer_name("moe-gen");
  auto opset = [&](const char *domain, int64_t version) {
    auto *set = model.add_opset_import();
    set->set_domain(domain);
    set->set_version(version);
  };
  opset("", 20);
  if (o.form == Form::Contrib || o.form == Form::QMoe)
    opset("com.microsoft", 1);
  WeightFile weights(o.output + ".data");
  Graph g(*model.mutable_graph(), weights, o.type);
  build(g, o);
  weights.close();
  std::ofstream file(o.output, std::ios::binary);
  if (!file || !model.SerializeToOstream(&file) || !file.flush())
    throw std::system_error(errno, std::generic_category(), o.output);
}

} // namespace

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  try {
    generate(readOptions(argc, argv));
  } catch (const UsageError &error) {
    llvm::WithColor::error(llvm::errs(), "moe-gen") << error.what() << "\n";
    return kUsage;
  } catch (const std::system_error &error) {
    llvm::WithColor::error(llvm::errs(), "moe-gen") << error.what() << "\n";
    return kSystem;
  }
  return kDone;
}
