//===- HostOpTest.cpp - compiled code calls operators of the program that runs it -----------------------------------===//
#include "moe/InitAll.h"
#include "moe/Target/Target.h"
#include "moe/Pipelines/Compile.h"
#include "moert/moert.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"
#include <gtest/gtest.h>

namespace {

/// y = rules.Repeat(x) + 1, where the result is `times` times as long as x.
constexpr llvm::StringLiteral kModule = R"(
func.func @main(%x: tensor<?xf32> {onnx.name = "x", onnx.dims = ["n"]}) -> (tensor<?xf32> {onnx.name = "y"}) {
  %one = onnx.constant dense<1.0> : tensor<f32>
  %0 = onnx.node "Repeat"(%x) {times = 2 : si64} domain "rules" version 1 : (tensor<?xf32>) -> tensor<?xf32> attributes {onnx.host = [[""]]}
  %1 = onnx.node "Add"(%0, %one) version 20 : (tensor<?xf32>, tensor<f32>) -> tensor<?xf32>
  return %1 : tensor<?xf32>
}
)";

void repeat(void *calls, moert_op_call *call, const char *attributes, const moert_tensor *inputs, int32_t, int32_t) {
  ++*static_cast<int *>(calls);
  EXPECT_STREQ(attributes, "{\"times\":2}");
  int64_t n = inputs[0].dims[0], twice = 2 * n;
  auto *out = static_cast<float *>(moert_op_output(call, 0, &twice, 1));
  for (int64_t i = 0; i < twice; ++i)
    out[i] = static_cast<const float *>(inputs[0].data)[i % n];
}

TEST(HostOpTest, RunsInTheProgram) {
  llvm::SmallString<128> folder;
  ASSERT_FALSE(llvm::sys::fs::createUniqueDirectory("moe-host-op", folder));
  std::string source = (folder + "/m.mlir").str(), artefact = (folder + "/m.moe").str();
  std::error_code error;
  llvm::raw_fd_ostream(source, error) << kModule;
  mlir::DialectRegistry registry;
  moe::registerDialects(registry);
  mlir::MLIRContext context(registry);
  moe::CompileRequest request{source, artefact, moe::Stage::Import, moe::Stage::Emit, {}};
  request.options.targets = {llvm::cantFail(moe::lookupTarget("cpu:native"))};
  ASSERT_EQ(moe::compile(request, context), moe::ExitCode::Done);

  moert_module *module = nullptr;
  moert_session *session = nullptr;
  ASSERT_EQ(moert_module_load(artefact.c_str(), nullptr, &module), nullptr);
  ASSERT_EQ(moert_session_create(module, nullptr, &session), nullptr);
  int calls = 0;
  ASSERT_EQ(moert_register_op("rules.Repeat", repeat, &calls), nullptr);
  float x[] = {1, 2, 3};
  moert_tensor input{x, sizeof x, MOERT_FLOAT32, 1, {3}}, output;
  ASSERT_EQ(moert_session_run(session, 0, &input, 1, &output, 1), nullptr);
  ASSERT_EQ(output.dims[0], 6);
  EXPECT_EQ(static_cast<float *>(output.data)[4], 3);
  EXPECT_EQ(calls, 1);

  ASSERT_EQ(moert_register_op("rules.Repeat", nullptr, nullptr), nullptr);
  moert_status *status = moert_session_run(session, 0, &input, 1, &output, 1);
  EXPECT_EQ(moert_status_code(status), MOERT_INVALID_ARGUMENT);
  EXPECT_NE(std::string(moert_status_message(status)).find("rules.Repeat"), std::string::npos);
  moert_status_free(status);
  moert_session_free(session);
  moert_module_free(module);
  llvm::sys::fs::remove_directories(folder);
}

} // namespace
