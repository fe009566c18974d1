//===- KernelTest.h - cases of kernels --------------------------------------------------------------------*- C++ -*-===//
//
// A case is a function of moe ops on dynamic shapes. It is compiled once with all instruction sets, and run on random inputs of several
// sizes, among them 0, 1 and sizes that no register block divides; each result is compared with the interpreter's.
// To add a case: write its function, list the sizes of its symbols d0, d1, ..., and say what integer inputs may hold.
//
//===------------------------------------------------------------------------------------------------------------===//
#pragma once

#include "moe/Check/Execution.h"
#include "moe/Artefact/Writer.h"
#include "moe/InitAll.h"
#include "moe/Pipelines/Stages.h"
#include "moe/Reference/Interpreter.h"
#include "moe/Transforms/Passes.h"
#include "mlir/Dialect/AMX/AMXDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"
#include "gtest/gtest.h"

namespace moe {

using namespace mlir;

struct Case {
  const char *name;
  std::string text; ///< @main; the inputs' dynamic lengths are taken from a row of `sizes`, in order
  std::vector<std::vector<int64_t>> sizes;
  double tolerance = 2e-6;
  int64_t integers = 2; ///< integer inputs are of [0, integers)
  std::vector<size_t> decays = {}; ///< inputs that are logarithms of decays: none above 0
  int64_t codes = 256;  ///< integer inputs of 8 bits are of [0, codes)
  Math math = Math::Model;
};

inline void PrintTo(const Case &value, std::ostream *out) { *out << value.name; }

/// The fixture of all cases; KernelTest.cpp has the test.
class KernelTest : public testing::TestWithParam<Case> {
protected:
  KernelTest() {
    DialectRegistry registry;
    registerDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
    EXPECT_FALSE(llvm::sys::fs::createUniqueDirectory("moe-kernel", folder));
  }
  ~KernelTest() override { llvm::sys::fs::remove_directories(folder); }

  std::vector<Tensor> inputs(func::FuncOp function, ArrayRef<int64_t> sizes, std::mt19937_64 &generator) {
    std::vector<Tensor> result;
    for (Type type : function.getArgumentTypes()) {
      auto tensor = cast<RankedTensorType>(type);
      SmallVector<int64_t> shape(tensor.getShape());
      for (int64_t &length : shape)
        if (ShapedType::isDynamic(length)) {
          length = sizes.front();
          sizes = sizes.drop_front();
        }
      Type element = tensor.getElementType();
      int64_t high = element.isInteger(8) ? GetParam().codes : GetParam().integers;
      result.push_back(isa<FloatType>(element) ? randomNormal(element, shape, generator) : randomIntegers(element, shape, 0, high, generator));
      if (llvm::is_contained(GetParam().decays, result.size() - 1))
        for (int64_t place = 0; place < result.back().count(); ++place)
          result.back().setReal(place, -std::abs(result.back().real(place)));
    }
    EXPECT_TRUE(sizes.empty());
    return result;
  }

  /// Compiles the case; with `emulated`, kernels with AMX tiles run as those of AVX-512. Returns whether there are any.
  bool compile(ModuleOp module, const std::string &path, bool emulated) {
    CompileOptions options;
    options.math = GetParam().math;
    EXPECT_TRUE(succeeded(runStages(module, Stage::Raise, Stage::Schedule, options)));
    bool tiles = module.walk([](amx::TileMulFOp) { return WalkResult::interrupt(); }).wasInterrupted();
    PassManager emulate(&context);
    emulate.addPass(createEmulateTiles());
    EXPECT_TRUE(!emulated || succeeded(emulate.run(module)));
    EXPECT_TRUE(succeeded(runStages(module, Stage::Schedule, Stage::Lower, options)));
    EXPECT_TRUE(succeeded(writeArtefact({{llvm::cantFail(lookupTarget("cpu")), module}}, path, options)));
    return tiles;
  }

  /// Compiles the case for another target.
  void compileFor(ModuleOp module, const std::string &path, StringRef name) {
    CompileOptions options;
    options.math = GetParam().math;
    options.targets = {llvm::cantFail(lookupTarget(name))};
    EXPECT_TRUE(succeeded(runStages(module, Stage::Raise, Stage::Lower, options)));
    EXPECT_TRUE(succeeded(writeArtefact({{options.targets.front(), module}}, path, options)));
  }

  /// Runs the artefact with the kernels of `isa` and the interpreter on inputs of all sizes.
  void compareAll(ModuleOp module, const std::string &path, const char *isa) {
    func::FuncOp function = module.lookupSymbol<func::FuncOp>("main");
    Interpreter interpreter(module);
    llvm::Expected<Execution> execution = Execution::load(path, isa);
    ASSERT_TRUE(bool(execution)) << llvm::toString(execution.takeError());
    std::mt19937_64 generator(7);
    for (const std::vector<int64_t> &sizes : GetParam().sizes) {
      std::vector<Tensor> given = inputs(function, sizes, generator);
      auto expected = interpreter.run("main", given);
      ASSERT_TRUE(bool(expected)) << llvm::toString(expected.takeError());
      auto got = execution->run("main", given, function.getResultTypes());
      ASSERT_TRUE(bool(got)) << llvm::toString(got.takeError());
      for (auto [place, pair] : llvm::enumerate(llvm::zip_equal(*got, *expected))) {
        Difference difference = compare(std::get<0>(pair), std::get<1>(pair));
        EXPECT_TRUE(difference.comparable && difference.worst <= GetParam().tolerance)
            << GetParam().name << " " << isa << " sizes " << testing::PrintToString(sizes) << " result " << place << ": " << difference.worst << " at "
            << difference.place << ": got " << std::get<0>(pair).real(difference.place) << ", expected " << std::get<1>(pair).real(difference.place);
      }
    }
  }

  MLIRContext context;
  llvm::SmallString<128> folder;
};

inline std::string nameOf(const testing::TestParamInfo<Case> &info) { return info.param.name; }

} // namespace moe
