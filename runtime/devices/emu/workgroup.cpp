//===- workgroup.cpp - the memory of a block, watched -----------------------------------------------------------------===//
#include "workgroup.h"
#include "status.h"
#include <algorithm>

namespace moert::emu {

void Workgroup::begin(const moert_emu_kernel_info &kernel, int32_t extra, const char *theName) {
  name = theName;
  size_t size = size_t(kernel.shared) + size_t(extra);
  memory.resize(size);
  std::fill(memory.begin(), memory.end(), char(0xff)); // what nobody has written is no number
  bytes.assign(size, {});
  inside.assign(size, false);
  for (const moert_emu_array &array : std::vector(kernel.arrays, kernel.arrays + kernel.num_arrays))
    std::fill_n(inside.begin() + array.offset, array.bytes, true);
  std::fill(inside.begin() + kernel.shared, inside.end(), true);
  ++epoch;
}

void *Workgroup::access(int32_t thread, void *address, int32_t count, bool write, Fault &fault) {
  int64_t start = static_cast<char *>(address) - memory.data();
  for (int64_t at = start; at < start + count; ++at)
    if (at < 0 || at >= int64_t(memory.size()) || !inside[size_t(at)]) {
      fault.report(text("kernel '", name, "': thread ", thread, write ? " writes " : " reads ", count, " bytes at ", start, " of workgroup memory, which is out of bounds"));
      return sink;
    }
  for (int64_t at = start; at < start + count; ++at) {
    Byte &byte = bytes[size_t(at)];
    int32_t other = kNobody;
    if (byte.written == epoch && byte.writer != thread)
      other = byte.writer;
    if (write && byte.read == epoch && byte.reader != thread)
      other = byte.reader;
    if (other != kNobody)
      fault.report(text("kernel '", name, "': thread ", thread, write ? " writes" : " reads", " byte ", at, " of workgroup memory, which ",
                        other == kSeveral ? std::string("other threads use") : text("thread ", other, " uses"), " too with no barrier between them"));
    if (write) {
      byte.writer = thread;
      byte.written = epoch;
    } else {
      byte.reader = byte.read == epoch && byte.reader != thread ? kSeveral : thread;
      byte.read = epoch;
    }
  }
  return address;
}

} // namespace moert::emu
