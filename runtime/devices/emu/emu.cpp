//===- emu.cpp - the device that runs GPU code on this machine's processor ---------------------------------------------===//
//
// Launches wait until somebody synchronizes, so that host code which reads too early shows; then they run in order. What threads do wrong
// (workgroup.h, block.h) fails the synchronization.
//
//===------------------------------------------------------------------------------------------------------------===//
#include "block.h"
#include "devices.h"
#include "module.h"
#include <cstdio>
#include <sys/mman.h>

struct moert_program {
  moert::Code code;
  std::string file;
  std::vector<std::string> names;
  std::vector<const moert_emu_kernel_info *> kernels;
};

struct moert_device {
  struct Pending {
    const moert_program *program;
    int32_t kernel;
    moert_grid grid;
    std::vector<int64_t> args;
  };
  std::vector<Pending> pending;
  moert::emu::BlockRunner runner;
};

namespace moert {
namespace {

moert_code complain(moert_code code, const std::string &why, char *message, size_t size) {
  std::snprintf(message, size, "%s", why.c_str());
  return code;
}

moert_code open(int32_t, moert_device **device, char *, size_t) {
  *device = new moert_device;
  return MOERT_OK;
}

void close(moert_device *device) { delete device; }
int32_t threads(const moert_device *) { return 1; }

void *allocate(moert_device *, int64_t bytes) {
  void *memory = ::mmap(nullptr, size_t(bytes), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? nullptr : memory;
}

void release(moert_device *, void *memory, int64_t bytes) { ::munmap(memory, size_t(bytes)); }

void parallel(moert_call *call, moert_kernel kernel, const int64_t *args, int64_t tasks, int64_t) {
  if (tasks > 0 && !call->failed)
    kernel(call, 0, tasks, args);
}

moert_code load(moert_device *, const moert_device_code *code, moert_program **program, char *message, size_t size) {
  auto result = std::make_unique<moert_program>();
  result->file = code->name;
  if (Status status = result->code.load({static_cast<const char *>(code->bytes), size_t(code->num_bytes)}, code->name))
    return complain(status.code(), status.message(), message, size);
  for (int32_t i = 0; i < code->num_kernels; ++i) {
    result->names.push_back(code->kernels[i]);
    auto *info = static_cast<const moert_emu_kernel_info *>(result->code.symbol(text("moe_kernel_", code->kernels[i])));
    if (!info)
      return complain(MOERT_INVALID_ARTEFACT, text(code->name, " has no kernel '", code->kernels[i], "'"), message, size);
    result->kernels.push_back(info);
  }
  *program = result.release();
  return MOERT_OK;
}

void unload(moert_device *device, moert_program *program) {
  device->pending.clear();
  delete program;
}

moert_code launch(moert_device *device, moert_program *program, int32_t kernel, const moert_grid *grid, const int64_t *args, int32_t count,
                  char *message, size_t size) {
  if (size_t(kernel) >= program->kernels.size())
    return complain(MOERT_INTERNAL, text("there is no kernel ", kernel), message, size);
  for (int axis = 0; axis < 3; ++axis)
    if (grid->blocks[axis] > INT32_MAX || grid->threads[axis] < 1)
      return complain(MOERT_UNSUPPORTED, text("kernel '", program->names[size_t(kernel)], "' has a grid that is too large"), message, size);
  device->pending.push_back({program, kernel, *grid, {args, args + count}});
  return MOERT_OK;
}

moert_code synchronize(moert_device *device, char *message, size_t size) {
  emu::Fault fault;
  for (const moert_device::Pending &next : std::exchange(device->pending, {})) {
    auto kernel = size_t(next.kernel);
    device->runner.run({next.program->kernels[kernel], next.program->names[kernel].c_str(), next.grid, next.args.data()}, fault);
    if (fault)
      return complain(MOERT_INTERNAL, fault.take(), message, size);
  }
  return MOERT_OK;
}

} // namespace

const moert_device_table kEmuDevice = {"emu", open, close, threads, allocate, release, parallel, load, unload, launch, synchronize};

} // namespace moert
