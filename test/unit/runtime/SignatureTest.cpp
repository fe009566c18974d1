//===- SignatureTest.cpp -----------------------------------------------------------------------------------------------===//
#include "signature.h"
#include "types.h"
#include <gtest/gtest.h>

using namespace moert;

namespace {

/// float32 unless `type` says otherwise; a text of digits is a fixed length.
Value value(const char *name, std::vector<std::string> expressions, moert_type type = MOERT_FLOAT32) {
  Value result{name, type, {}, expressions};
  for (const std::string &text : expressions)
    result.dims.push_back(!text.empty() && text.find_first_not_of("0123456789") == text.npos ? std::stoll(text) : -1);
  return result;
}

/// What the check says of inputs with these shapes; "" where it accepts them.
std::string verdict(const Entry &entry, const std::vector<std::vector<int64_t>> &shapes) {
  static float memory[1 << 16];
  std::vector<moert_tensor> tensors;
  for (size_t i = 0; i < shapes.size(); ++i) {
    moert_type type = entry.inputs[i].type;
    moert_tensor tensor{memory, *byteSize(type, shapes[i].data(), int32_t(shapes[i].size())), type, int32_t(shapes[i].size()), {}};
    std::copy(shapes[i].begin(), shapes[i].end(), tensor.dims);
    tensors.push_back(tensor);
  }
  Status status = Signature(entry).check(tensors.data(), int32_t(tensors.size()));
  return status ? status.message() : "";
}

const Entry kDecoder = {"main",
                        {value("ids", {"batch", "length"}, MOERT_INT64), value("mask", {"batch", "past + length"}, MOERT_INT64),
                         value("keys", {"batch", "2", "past", "16"})},
                        {},
                        {}};

TEST(SignatureTest, AcceptsConsistentShapes) {
  EXPECT_EQ(verdict(kDecoder, {{1, 5}, {1, 9}, {1, 2, 4, 16}}), "");
  EXPECT_EQ(verdict(kDecoder, {{3, 1}, {3, 1}, {3, 2, 0, 16}}), "");
  EXPECT_EQ(verdict(kDecoder, {{0, 0}, {0, 0}, {0, 2, 0, 16}}), "");
}

TEST(SignatureTest, NamesWhatIsWrong) {
  EXPECT_EQ(verdict(kDecoder, {{1, 5}, {2, 9}, {1, 2, 4, 16}}),
            "input 'mask': axis 0 (batch) has length 2 but must have length 1 (batch is 1 by axis 0 of input 'ids')");
  EXPECT_EQ(verdict(kDecoder, {{1, 5}, {1, 9}, {1, 2, 3, 16}}),
            "input 'keys': axis 2 (past) has length 3 but must have length 4 (past is 4 by axis 1 of input 'mask')");
  EXPECT_EQ(verdict(kDecoder, {{1, 5}, {1, 3}, {1, 2, 4, 16}}),
            "input 'mask': axis 1 has length 3, which cannot be past + length (length is 5 by axis 1 of input 'ids')");
  EXPECT_EQ(verdict(kDecoder, {{1, 5}, {1, 9}, {1, 4, 4, 16}}),
            "input 'keys': axis 1 has length 4, the model wants 2 (given [1, 4, 4, 16] for [batch, 2, past, 16])");
  EXPECT_EQ(verdict(kDecoder, {{5}, {1, 9}, {1, 2, 4, 16}}), "input 'ids' has 1 axes, the model wants 2 [batch, length]");
  EXPECT_EQ(verdict(kDecoder, {{1, 5}}), "entry 'main' has 3 inputs, 1 were given");
}

TEST(SignatureTest, Equalities) {
  Entry entry = {"main", {value("x", {"s0", "s1"}), value("y", {"s2", "s3"})}, {}, {{"s0 + s1", "s2"}, {"d4", "s3"}, {"broadcast(s3, s1)", "s1"}}};
  EXPECT_EQ(verdict(entry, {{2, 3}, {5, 1}}), "");
  EXPECT_EQ(verdict(entry, {{2, 3}, {4, 1}}), "the lengths of the inputs contradict each other: s0 + s1 is 5 (s0 is 2 by axis 0 of input 'x', s1 is 3 by "
                                              "axis 1 of input 'x') and must equal s2, which is 4 (s2 is 4 by axis 0 of input 'y')");
}

TEST(SignatureTest, SolvesMultiples) {
  Entry entry = {"main", {value("x", {"4*s0"}), value("y", {"s0"})}, {}, {}};
  EXPECT_EQ(verdict(entry, {{12}, {3}}), "");
  EXPECT_EQ(verdict(entry, {{13}, {3}}), "input 'x': axis 0 has length 13, which cannot be 4*s0");
  EXPECT_EQ(verdict(entry, {{12}, {4}}), "input 'y': axis 0 (s0) has length 4 but must have length 3 (s0 is 3 by axis 0 of input 'x')");
}

TEST(SignatureTest, UnknownLengthsAreFree) {
  Entry entry = {"main", {value("x", {"", "7"})}, {}, {}};
  EXPECT_EQ(verdict(entry, {{99, 7}}), "");
}

TEST(SignatureTest, LengthsFromSymbols) {
  Entry entry = {"main", {value("x", {"s0", "3", "s1 + s2"}), value("y", {"s3", ""}), value("z", {"s4"})}, {}, {{"s0 + s1", "s2 + s3"}, {"s4", "16"}, {"d7", "s9*s0"}}};
  Signature signature(entry);
  std::vector<int64_t> lengths;
  EXPECT_FALSE(signature.inputLengths({}, lengths));
  EXPECT_EQ(lengths, (std::vector<int64_t>{-1, 3, -1, -1, -1, 16}));
  EXPECT_FALSE(signature.inputLengths({{"s0", 5}, {"s1", 2}, {"s2", 4}}, lengths));
  EXPECT_EQ(lengths, (std::vector<int64_t>{5, 3, 6, 3, -1, 16}));
  EXPECT_EQ(signature.inputLengths({{"s4", 5}}, lengths).message(), "the lengths contradict each other: s4 must equal 16");
  EXPECT_EQ(signature.inputLengths({{"other", 5}}, lengths).message(), "entry 'main' has no length 'other', or 5 is none");
}

TEST(SignatureTest, Memory) {
  Entry entry = {"main", {value("x", {"n"})}, {}, {}};
  Signature signature(entry);
  alignas(8) char memory[64];
  auto message = [&](moert_tensor tensor) { return signature.check(&tensor, 1).message(); };
  EXPECT_EQ(message({memory, 8, MOERT_FLOAT32, 1, {4}}), "input 'x' has 8 bytes, its shape [4] needs 16");
  EXPECT_EQ(message({memory + 1, 16, MOERT_FLOAT32, 1, {4}}), "input 'x': the data is null or not aligned to the size of an element");
  EXPECT_EQ(message({nullptr, 16, MOERT_FLOAT32, 1, {4}}), "input 'x': the data is null or not aligned to the size of an element");
  EXPECT_EQ(message({memory, 16, MOERT_INT32, 1, {4}}), "input 'x' has type int32, the model wants float32");
  EXPECT_EQ(message({memory, 16, moert_type(77), 1, {4}}), "input 'x': 77 is no element type");
  EXPECT_EQ(message({memory, 16, MOERT_FLOAT32, 1, {-4}}), "input 'x': [-4] is no shape");
  EXPECT_EQ(message({memory, 16, MOERT_FLOAT32, 1, {INT64_MAX}}), "input 'x': [9223372036854775807] is no shape");
  EXPECT_EQ(message({memory, 16, MOERT_FLOAT32, 17, {4}}), "input 'x' has 17 axes, the model wants 1 [n]");
  EXPECT_EQ(message({memory, 16, MOERT_FLOAT32, -1, {4}}), "input 'x' has -1 axes, the model wants 1 [n]");
}

} // namespace
