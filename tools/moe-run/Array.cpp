//===- Array.cpp - a tensor with memory of its own --------------------------------------------------------------===//
#include "Array.h"
#include "Failure.h"
#include <algorithm>
#include <cstring>

namespace moerun {

Array::Array(moert_type type, std::vector<int64_t> theDims) : type(type), dims(std::move(theDims)) {
  size = moert_type_bytes(type);
  bool empty = std::find(dims.begin(), dims.end(), 0) != dims.end();
  for (int64_t length : dims)
    if (length < 0 || (!empty && (__builtin_mul_overflow(size, length, &size) || size > INT64_MAX - 64)))
      throw Failure(Exit::Invalid, "an array has an impossible shape");
  if (empty)
    size = 0;
  size_t room = (size_t(size) + 64) / 64 * 64;
  memory.reset(static_cast<char *>(std::aligned_alloc(64, room)));
  if (!memory)
    throw Failure(Exit::System, "no memory for an array of " + std::to_string(size) + " bytes");
  std::memset(memory.get(), 0, room);
}

moert_tensor Array::tensor() const {
  if (dims.size() > MOERT_MAX_RANK)
    throw Failure(Exit::Invalid, "an array has " + std::to_string(dims.size()) + " axes; at most " + std::to_string(MOERT_MAX_RANK) + " are supported");
  moert_tensor result{memory.get(), size, type, int32_t(dims.size()), {}};
  std::copy(dims.begin(), dims.end(), result.dims);
  return result;
}

} // namespace moerun
