//===- ArrayFilesTest.cpp - .npy and .npz, good and bad ---------------------------------------------------------------===//
#include "Failure.h"
#include "Npy.h"
#include "Npz.h"
#include <cstring>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <zip.h>

using namespace moerun;

namespace {

/// An array file: magic, version, header, elements.
std::string npy(const std::string &header, const std::string &elements, int version = 1) {
  std::string file = "\x93NUMPY";
  file += {char(version), 0, char(header.size() & 255), char(header.size() >> 8)};
  if (version > 1)
    file += std::string(2, '\0');
  return file + header + elements;
}

Array read(const std::string &bytes, moert_type wanted = MOERT_FLOAT32) {
  size_t at = 0;
  return readNpy("test.npy", int64_t(bytes.size()), wanted, [&](char *to, int64_t size) {
    if (size_t(size) > bytes.size() - at)
      throw Failure(Exit::Invalid, "cut off");
    std::memcpy(to, bytes.data() + at, size_t(size));
    at += size_t(size);
  });
}

std::string refusal(const std::string &bytes) {
  try {
    read(bytes);
  } catch (const Failure &failure) {
    EXPECT_EQ(failure.exit, Exit::Invalid);
    return failure.what();
  }
  return "accepted";
}

TEST(NpyTest, ReadsWhatNumpyWrites) {
  std::string six = {1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0};
  for (int version : {1, 2, 3}) {
    Array array = read(npy("{'descr': '<i2', 'fortran_order': False, 'shape': (2, 3), }          \n", six, version));
    EXPECT_EQ(array.type, MOERT_INT16);
    EXPECT_EQ(array.dims, (std::vector<int64_t>{2, 3}));
    EXPECT_EQ(array.as<int16_t>()[5], 6);
  }
  EXPECT_EQ(read(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (), }\n", "abcd")).dims.size(), 0u);
  EXPECT_EQ(read(npy("{'descr': '|b1', 'fortran_order': False, 'shape': (3,), }\n", "abc")).type, MOERT_BOOL);
  EXPECT_EQ(read(npy("{'descr': '<f8', 'fortran_order': False, 'shape': (0, 5), }\n", "")).count(), 0);
  EXPECT_EQ(read(npy("{\"shape\": (1,), \"fortran_order\": False, \"descr\": \"<u2\"}", "ab")).type, MOERT_UINT16);
}

TEST(NpyTest, ColumnMajorIsTransposed) {
  std::string columns = {1, 4, 2, 5, 3, 6};
  Array array = read(npy("{'descr': '|i1', 'fortran_order': True, 'shape': (2, 3), }\n", columns));
  EXPECT_EQ(std::string(array.data(), 6), std::string({1, 2, 3, 4, 5, 6}));
  std::string cube;
  for (char i = 0; i < 24; ++i)
    cube += i;
  Array three = read(npy("{'descr': '|i1', 'fortran_order': True, 'shape': (2, 3, 4), }\n", cube));
  EXPECT_EQ(three.data()[1 * 12 + 2 * 4 + 3], 1 + 2 * 2 + 3 * 6);
}

TEST(NpyTest, TypesThatNumpyLacks) {
  EXPECT_EQ(read(npy("{'descr': '<V2', 'fortran_order': False, 'shape': (1,), }\n", "ab"), MOERT_BFLOAT16).type, MOERT_BFLOAT16);
  EXPECT_EQ(read(npy("{'descr': '|V1', 'fortran_order': False, 'shape': (2,), }\n", "ab"), MOERT_F8E5M2).type, MOERT_F8E5M2);
  EXPECT_NE(refusal(npy("{'descr': '<V2', 'fortran_order': False, 'shape': (1,), }\n", "ab")), "accepted");
}

TEST(NpyTest, RefusesBadFiles) {
  const std::string kGood = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n";
  EXPECT_EQ(refusal(npy(kGood, "12345678")), "accepted");
  for (const char *header :
       {"", "{", "{}", "{'descr': '<f4', 'fortran_order': False}", "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'more': 1}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2)", "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} x",
        "{'descr': '<f4', 'fortran_order': Maybe, 'shape': (2,)}", "{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,)}",
        "{'descr': '|O', 'fortran_order': False, 'shape': (2,)}", "{'descr': '>f4', 'fortran_order': False, 'shape': (2,)}",
        "{'descr': '<c8', 'fortran_order': False, 'shape': (1,)}", "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4)}", "{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}"})
    EXPECT_NE(refusal(npy(header, "12345678")), "accepted") << header;
  std::string good = npy(kGood, "12345678");
  for (size_t size = 0; size < good.size(); ++size)
    EXPECT_NE(refusal(good.substr(0, size)), "accepted") << size;
  EXPECT_NE(refusal(npy(kGood, "12345678", 4)), "accepted");
  EXPECT_NE(refusal("\x93NUMPX" + good.substr(6)), "accepted");
}

class NpzTest : public testing::Test {
protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "moe-npz-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  std::string path(const char *name) const { return (folder / name).string(); }
  static NamedArrays load(const std::string &path) {
    return readNpz(path, [](const std::string &) { return MOERT_FLOAT32; });
  }
  /// A zip file of members with this content.
  std::string archive(const std::vector<std::pair<std::string, std::string>> &members, int method) const {
    zip_t *zip = zip_open(path("made.npz").c_str(), ZIP_CREATE | ZIP_TRUNCATE, nullptr);
    for (auto &[name, bytes] : members) {
      int64_t index = zip_file_add(zip, name.c_str(), zip_source_buffer(zip, bytes.data(), bytes.size(), 0), 0);
      zip_set_file_compression(zip, uint64_t(index), method, 0);
    }
    EXPECT_EQ(zip_close(zip), 0);
    return path("made.npz");
  }

  const std::string good = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (64,), }\n", std::string(256, '\1'));
  std::filesystem::path folder;
};

TEST_F(NpzTest, WritesAndReads) {
  Array a(MOERT_INT64, {2, 2}), b(MOERT_FLOAT16, {}), c(MOERT_BOOL, {0});
  a.as<int64_t>()[3] = 7;
  writeNpz(path("x.npz"), {{"/layers.0/a", a.tensor()}, {"b", b.tensor()}, {"c.d", c.tensor()}});
  NamedArrays arrays = load(path("x.npz"));
  ASSERT_EQ(arrays.size(), 3u);
  EXPECT_EQ(arrays.at("/layers.0/a").as<int64_t>()[3], 7);
  EXPECT_EQ(arrays.at("b").type, MOERT_FLOAT16);
  EXPECT_EQ(arrays.at("c.d").dims, std::vector<int64_t>{0});
}

TEST_F(NpzTest, StoredAndDeflated) {
  for (int method : {ZIP_CM_STORE, ZIP_CM_DEFLATE})
    EXPECT_EQ(load(archive({{"a.npy", good}, {"b/c.npy", good}}, method)).at("b/c").count(), 64);
}

TEST_F(NpzTest, RefusesBadArchives) {
  EXPECT_THROW(load(path("missing.npz")), Failure);
  EXPECT_THROW(load(archive({{"a.txt", good}}, ZIP_CM_STORE)), Failure);
  EXPECT_THROW(load(archive({{"a.npy", "nonsense"}}, ZIP_CM_STORE)), Failure);
  EXPECT_THROW(load(archive({{"a.npy", good + "x"}}, ZIP_CM_STORE)), Failure);
  EXPECT_THROW(writeNpz(path("x.npz"), {}), Failure);
  Array a(MOERT_INT64, {2, 2});
  EXPECT_THROW(writeNpz("/nonexistent/x.npz", {{"a", a.tensor()}}), Failure);
}

TEST_F(NpzTest, CutOffOrDamagedAnywhere) {
  for (int method : {ZIP_CM_STORE, ZIP_CM_DEFLATE}) {
    std::ifstream stream(archive({{"a.npy", good}}, method), std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(stream), {}};
    auto tryBytes = [&](const std::string &content) {
      std::ofstream(path("bad.npz"), std::ios::binary | std::ios::trunc) << content;
      return load(path("bad.npz"));
    };
    for (size_t size = 0; size < bytes.size(); size += 5)
      EXPECT_THROW(tryBytes(bytes.substr(0, size)), Failure) << size;
    for (size_t at = 0; at < bytes.size(); at += 3) {
      std::string damaged = bytes;
      damaged[at] ^= 4;
      try { // what is accepted must be the same numbers: dates and comments are not checked by anybody
        for (auto &[name, array] : tryBytes(damaged))
          EXPECT_EQ(std::string(array.data(), size_t(array.bytes())), std::string(256, '\1')) << at;
      } catch (const Failure &) {
      }
    }
  }
}

} // namespace
