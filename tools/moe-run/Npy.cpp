//===- Npy.cpp - numpy's array files -----------------------------------------------------------------------------===//
#include "Npy.h"
#include "Failure.h"
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>

namespace moerun {
namespace {

constexpr std::string_view kMagic("\x93NUMPY", 6);
constexpr int64_t kMaxHeader = 1 << 20;

/// numpy's names of element types, without the byte order.
struct Descr {
  const char *text;
  moert_type type;
};
constexpr Descr kDescrs[] = {{"b1", MOERT_BOOL},    {"i1", MOERT_INT8},    {"i2", MOERT_INT16},  {"i4", MOERT_INT32},
                             {"i8", MOERT_INT64},   {"u1", MOERT_UINT8},   {"u2", MOERT_UINT16}, {"u4", MOERT_UINT32},
                             {"u8", MOERT_UINT64},  {"f2", MOERT_FLOAT16}, {"f4", MOERT_FLOAT32}, {"f8", MOERT_FLOAT64}};

/// The dictionary in a header: 'descr', 'fortran_order', 'shape'.
class HeaderParser {
public:
  HeaderParser(const std::string &name, std::string_view text) : name(name), rest(text) {}

  std::string descr;
  bool columnMajor = false;
  std::vector<int64_t> shape;

  void parse() {
    bool seen[3] = {};
    expect('{');
    while (!accept('}')) {
      std::string key = quoted();
      expect(':');
      if (key == "descr" && !seen[0]) {
        seen[0] = true;
        descr = quoted();
      } else if (key == "fortran_order" && !seen[1]) {
        seen[1] = true;
        columnMajor = boolean();
      } else if (key == "shape" && !seen[2]) {
        seen[2] = true;
        tuple();
      } else {
        bad();
      }
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    blanks();
    if (!rest.empty() || !seen[0] || !seen[1] || !seen[2])
      bad();
  }

private:
  [[noreturn]] void bad() const { throw Failure(Exit::Invalid, name + ": the header is damaged, or the array holds records or objects, which have no numbers"); }
  void blanks() { rest.remove_prefix(std::min(rest.find_first_not_of(" \n"), rest.size())); }
  bool accept(char c) {
    blanks();
    if (rest.empty() || rest.front() != c)
      return false;
    rest.remove_prefix(1);
    return true;
  }
  void expect(char c) {
    if (!accept(c))
      bad();
  }
  std::string quoted() {
    blanks();
    if (rest.empty() || (rest.front() != '\'' && rest.front() != '"'))
      bad();
    size_t end = rest.find(rest.front(), 1);
    if (end == rest.npos)
      bad();
    std::string result(rest.substr(1, end - 1));
    rest.remove_prefix(end + 1);
    return result;
  }
  bool boolean() {
    blanks();
    for (std::string_view word : {"True", "False"})
      if (rest.substr(0, word.size()) == word) {
        rest.remove_prefix(word.size());
        return word == "True";
      }
    bad();
  }
  void tuple() {
    expect('(');
    while (!accept(')')) {
      blanks();
      int64_t length;
      auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), length);
      if (error != std::errc() || length < 0)
        bad();
      shape.push_back(length);
      rest.remove_prefix(size_t(end - rest.data()));
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
  }

  const std::string &name;
  std::string_view rest;
};

moert_type typeOf(const std::string &name, const std::string &descr, moert_type wanted) {
  std::string_view kind = descr;
  char order = kind.empty() ? '?' : kind.front();
  if (order == '<' || order == '|' || order == '=')
    kind.remove_prefix(1);
  for (const Descr &row : kDescrs)
    if (kind == row.text)
      return row.type;
  if ((wanted == MOERT_BFLOAT16 && kind == "V2") || ((wanted == MOERT_F8E4M3FN || wanted == MOERT_F8E5M2) && kind == "V1"))
    return wanted;
  if (order == '>')
    throw Failure(Exit::Invalid, name + ": the elements are big-endian (" + descr + "); store them with array.astype(array.dtype.newbyteorder('<'))");
  throw Failure(Exit::Invalid, name + ": elements of numpy type '" + descr + "' cannot be inputs");
}

/// Row-major from column-major order.
Array transposed(const Array &source) {
  Array result(source.type, source.dims);
  int64_t size = moert_type_bytes(source.type), rank = int64_t(source.dims.size());
  std::vector<int64_t> index(rank, 0), strides(rank, 1);
  for (int64_t axis = 1; axis < rank; ++axis)
    strides[axis] = strides[axis - 1] * source.dims[axis - 1];
  int64_t from = 0;
  for (int64_t to = 0; to < source.count(); ++to) {
    std::memcpy(result.data() + to * size, source.data() + from * size, size_t(size));
    for (int64_t axis = rank - 1; axis >= 0; --axis) {
      from += strides[axis];
      if (++index[axis] < source.dims[axis])
        break;
      from -= strides[axis] * source.dims[axis];
      index[axis] = 0;
    }
  }
  return result;
}

struct CloseFile {
  void operator()(std::FILE *file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

} // namespace

Array readNpy(const std::string &name, int64_t fileSize, moert_type wanted, const ReadBytes &read) {
  auto notOne = [&] { return Failure(Exit::Invalid, name + ": this is not a numpy array file, or it is cut off"); };
  unsigned char start[12];
  if (fileSize < 12)
    throw notOne();
  read(reinterpret_cast<char *>(start), 10);
  int64_t at = 10, length = start[8] | start[9] << 8;
  if (std::memcmp(start, kMagic.data(), kMagic.size()) != 0 || start[6] < 1 || start[6] > 3)
    throw notOne();
  if (start[6] > 1) {
    read(reinterpret_cast<char *>(start) + 10, 2);
    at = 12;
    length |= int64_t(start[10]) << 16 | int64_t(start[11]) << 24;
  }
  if (length > kMaxHeader || length > fileSize - at)
    throw notOne();
  std::string text(size_t(length), '\0');
  read(text.data(), length);
  HeaderParser header(name, text);
  header.parse();
  moert_type type = typeOf(name, header.descr, wanted);
  int64_t expected = moert_type_bytes(type);
  for (int64_t dim : header.shape)
    if (__builtin_mul_overflow(expected, dim, &expected))
      throw notOne();
  if (expected != fileSize - at - length)
    throw Failure(Exit::Invalid, name + ": the file holds " + std::to_string(fileSize - at - length) + " bytes of elements, its header says " + std::to_string(expected));
  Array result(type, header.shape);
  read(result.data(), result.bytes());
  return header.columnMajor && header.shape.size() > 1 ? transposed(result) : std::move(result);
}

Array readNpyFile(const std::string &path, moert_type wanted) {
  File file(std::fopen(path.c_str(), "rb"));
  if (!file || std::fseek(file.get(), 0, SEEK_END) != 0)
    throw Failure(Exit::System, "cannot read " + path + ": " + std::strerror(errno));
  int64_t size = std::ftell(file.get());
  std::rewind(file.get());
  return readNpy(path, size, wanted, [&](char *to, int64_t bytes) {
    if (std::fread(to, 1, size_t(bytes), file.get()) != size_t(bytes))
      throw Failure(Exit::System, "cannot read " + path);
  });
}

std::string npyHeader(moert_type type, const int64_t *dims, int32_t rank) {
  std::string descr = moert_type_bytes(type) == 1 ? "|V1" : "<V2";
  for (const Descr &row : kDescrs)
    if (row.type == type)
      descr = std::string(moert_type_bytes(type) == 1 ? "|" : "<") + row.text;
  std::string text = "{'descr': '" + descr + "', 'fortran_order': False, 'shape': (";
  for (int32_t axis = 0; axis < rank; ++axis)
    text += std::to_string(dims[axis]) + (axis + 1 < rank ? ", " : rank == 1 ? "," : "");
  text += "), }";
  text.append(63 - (kMagic.size() + 4 + text.size()) % 64, ' ');
  text += '\n';
  std::string start(kMagic);
  start += {1, 0, char(text.size() & 255), char(text.size() >> 8)};
  return start + text;
}

void writeNpyFile(const std::string &path, const moert_tensor &tensor) {
  File file(std::fopen(path.c_str(), "wb"));
  std::string header = npyHeader(tensor.type, tensor.dims, tensor.rank);
  if (!file || std::fwrite(header.data(), 1, header.size(), file.get()) != header.size() ||
      std::fwrite(tensor.data, 1, size_t(tensor.bytes), file.get()) != size_t(tensor.bytes) || std::fflush(file.get()) != 0)
    throw Failure(Exit::System, "cannot write " + path + ": " + std::strerror(errno));
}

} // namespace moerun
