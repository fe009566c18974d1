//===- null.cpp - the device that computes nothing --------------------------------------------------------------===//
//
// Host code runs, memory is real and zeroed when it is new, kernels do not run. What remains is the cost of the runtime itself.
//
//===------------------------------------------------------------------------------------------------------------===//
#include "devices.h"
#include <cstdlib>
#include <cstring>

struct moert_device {};

namespace moert {
namespace {

moert_code open(int32_t, moert_device **device, char *, size_t) {
  *device = new moert_device;
  return MOERT_OK;
}

void close(moert_device *device) { delete device; }
int32_t threads(const moert_device *) { return 1; }

void *allocate(moert_device *, int64_t bytes) {
  void *memory = std::aligned_alloc(4096, size_t(bytes + 4095) / 4096 * 4096);
  return memory ? std::memset(memory, 0, size_t(bytes)) : nullptr;
}

void release(moert_device *, void *memory, int64_t) { std::free(memory); }
void parallel(moert_call *, moert_kernel, const int64_t *, int64_t, int64_t) {}

moert_code load(moert_device *, const moert_device_code *, moert_program **program, char *, size_t) { return *program = nullptr, MOERT_OK; }
void unload(moert_device *, moert_program *) {}
moert_code launch(moert_device *, moert_program *, int32_t, const moert_grid *, const int64_t *, int32_t, char *, size_t) { return MOERT_OK; }
moert_code synchronize(moert_device *, char *, size_t) { return MOERT_OK; }

} // namespace

const moert_device_table kNullDevice = {"null", open, close, threads, allocate, release, parallel, load, unload, launch, synchronize};

} // namespace moert
