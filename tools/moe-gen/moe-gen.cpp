//===- moe-gen.cpp - ONNX models of any shape, in every exporter's form -----------------------------------------===//
#include "CommandLine.h"
#include "Models.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/WithColor.h"
#include <fstream>
#include <system_error>

using namespace moe::gen;

namespace {

enum Exit { kDone = 0, kUsage = 1, kSystem = 3 };

/// The oldest version, from the exporters' default on, that has what the model needs.
int64_t standardVersion(const Options &o) {
  if (o.attention == AttentionForm::Op)
    return 23;
  return o.type == onnx::TensorProto::BFLOAT16 ? 22 : 20; // Conv of bfloat16
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
  opset("", standardVersion(o));
  if (o.form == Form::Contrib || o.form == Form::QMoe || o.attention == AttentionForm::Gqa)
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
