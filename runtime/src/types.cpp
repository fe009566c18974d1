//===- types.cpp - element types -------------------------------------------------------------------------------===//
#include "types.h"

namespace {

struct TypeRow {
  const char *name;
  int64_t bytes;
};
/// In the order of moert_type.
constexpr TypeRow kTypes[] = {{"bool", 1},    {"int8", 1},    {"int16", 2},    {"int32", 4},   {"int64", 8},
                              {"uint8", 1},   {"uint16", 2},  {"uint32", 4},   {"uint64", 8},  {"float16", 2},
                              {"bfloat16", 2}, {"float32", 4}, {"float64", 8}, {"f8e4m3fn", 1}, {"f8e5m2", 1}};
constexpr int kNumTypes = sizeof(kTypes) / sizeof(kTypes[0]);
static_assert(kNumTypes == MOERT_F8E5M2 + 1);

} // namespace

const char *moert_type_name(moert_type type) { return unsigned(type) < kNumTypes ? kTypes[type].name : nullptr; }
int64_t moert_type_bytes(moert_type type) { return unsigned(type) < kNumTypes ? kTypes[type].bytes : 0; }

namespace moert {

std::optional<moert_type> typeNamed(std::string_view name) {
  for (int i = 0; i < kNumTypes; ++i)
    if (name == kTypes[i].name)
      return moert_type(i);
  return std::nullopt;
}

std::optional<int64_t> byteSize(moert_type type, const int64_t *dims, int32_t rank) {
  int64_t size = moert_type_bytes(type);
  bool empty = false, fits = true;
  for (int32_t axis = 0; axis < rank; ++axis) {
    if (dims[axis] < 0)
      return std::nullopt;
    empty |= dims[axis] == 0;
    fits = fits && !__builtin_mul_overflow(size, dims[axis], &size);
  }
  if (empty)
    return 0;
  return fits ? std::optional(size) : std::nullopt;
}

} // namespace moert
