//===- Array.h - a tensor with memory of its own --------------------------------------------------------*- C++ -*-===//
#pragma once

#include "moert/moert.h"
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace moerun {

/// Elements in row-major order, aligned to 64 bytes.
class Array {
public:
  Array() = default;
  /// Zeroed; throws Failure where there is no memory or the shape is impossible.
  Array(moert_type type, std::vector<int64_t> dims);

  moert_type type = MOERT_FLOAT32;
  std::vector<int64_t> dims;

  int64_t bytes() const { return size; }
  int64_t count() const { return size / moert_type_bytes(type); }
  char *data() { return memory.get(); }
  const char *data() const { return memory.get(); }
  /// The elements as numbers of C++'s type of the same size.
  template <typename T> T *as() { return reinterpret_cast<T *>(memory.get()); }

  /// A view for the runtime.
  moert_tensor tensor() const;

private:
  struct Free {
    void operator()(char *memory) const { std::free(memory); }
  };
  std::unique_ptr<char, Free> memory;
  int64_t size = 0;
};

using NamedArrays = std::map<std::string, Array>;

} // namespace moerun
