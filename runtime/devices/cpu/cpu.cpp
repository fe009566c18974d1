//===- cpu.cpp - the device that is this machine's processor ----------------------------------------------------===//
#include "devices.h"
#include "pool.h"
#include <algorithm>
#include <cstdio>
#include <sys/mman.h>
#include <system_error>

struct moert_device {
  int32_t threads;
  moert::ThreadPool pool;
};

namespace moert {
namespace {

/// A launch with less work than this many nanoseconds runs on the calling thread: waking others would cost more than they save.
constexpr int64_t kInline = 20'000;
/// Threads take pieces of about this many nanoseconds, at most kPieces each, so that a slow thread delays the launch little.
constexpr int64_t kPiece = 5'000, kPieces = 32;

moert_code open(int32_t threads, moert_device **device, char *message, size_t size) {
  int32_t count = threads > 0 ? threads : defaultThreads();
  try {
    *device = new moert_device{count, ThreadPool(count)};
    return MOERT_OK;
  } catch (const std::system_error &error) {
    std::snprintf(message, size, "cannot start %d threads: %s", count, error.what());
    return MOERT_OUT_OF_MEMORY;
  }
}

void close(moert_device *device) { delete device; }
int32_t threads(const moert_device *device) { return device->threads; }

void *allocate(moert_device *, int64_t bytes) {
  void *memory = ::mmap(nullptr, size_t(bytes), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    return nullptr;
  if (bytes >= int64_t(2) << 20)
    ::madvise(memory, size_t(bytes), MADV_HUGEPAGE); // a hint: without huge pages all stays correct
  return memory;
}

void release(moert_device *, void *memory, int64_t bytes) { ::munmap(memory, size_t(bytes)); }

void parallel(moert_call *call, moert_kernel kernel, const int64_t *args, int64_t tasks, int64_t cost) {
  if (tasks <= 0 || call->failed)
    return;
  int32_t threads = call->device->threads;
  int64_t work;
  if (__builtin_mul_overflow(tasks, std::max<int64_t>(cost, 0), &work))
    work = INT64_MAX;
  if (tasks == 1 || threads == 1 || work < kInline) {
    kernel(call, 0, tasks, args);
    return;
  }
  int64_t pieces = std::min({tasks, work / kPiece, threads * kPieces});
  int64_t step = (tasks + pieces - 1) / pieces;
  call->device->pool.run(call, kernel, args, tasks, step);
}

} // namespace

const moert_device_table kCpuDevice = {"cpu", open, close, threads, allocate, release, parallel, /*load=*/nullptr, /*unload=*/nullptr, /*launch=*/nullptr, /*synchronize=*/nullptr};

} // namespace moert
