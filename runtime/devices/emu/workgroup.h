//===- workgroup.h - the memory of a block, watched ---------------------------------------------------------*- C++ -*-===//
#pragma once

#include "moert/emu.h"
#include <string>
#include <utility>
#include <vector>

namespace moert::emu {

/// What went wrong first in a kernel.
class Fault {
public:
  explicit operator bool() const { return !text.empty(); }
  void report(std::string what) {
    if (text.empty())
      text = std::move(what);
  }
  std::string take() { return std::exchange(text, {}); }

private:
  std::string text;
};

/// Workgroup memory of one block. Reports accesses outside of its arrays, and accesses of different threads to the same byte, one of them a
/// write, with no barrier between them.
class Workgroup {
public:
  /// A block of the kernel begins; `extra` bytes lie behind its arrays.
  void begin(const moert_emu_kernel_info &kernel, int32_t extra, const char *name);
  void barrier() { ++epoch; }
  /// moert_emulator.access by thread `thread`.
  void *access(int32_t thread, void *address, int32_t bytes, bool write, Fault &fault);

  char *data() { return memory.data(); }

private:
  static constexpr int32_t kNobody = -1, kSeveral = -2;
  /// The last accesses of a byte, and between which barriers they were.
  struct Byte {
    uint32_t written = 0, read = 0;
    int32_t writer = kNobody, reader = kNobody;
  };

  const char *name = "";
  std::vector<char> memory;
  std::vector<bool> inside;
  std::vector<Byte> bytes;
  uint32_t epoch = 1;
  alignas(64) char sink[256];
};

} // namespace moert::emu
