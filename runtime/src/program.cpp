//===- program.cpp - device code that a device has taken ----------------------------------------------------------===//
#include "program.h"
#include <utility>

namespace moert {

Program::~Program() {
  if (loaded)
    device->table.unload(device->instance, taken);
  if (failedCheck)
    device->table.release(device->instance, failedCheck, sizeof *failedCheck);
}

Status Program::load(const Module &module) {
  std::vector<const char *> kernels;
  for (const std::string &kernel : module.target->kernels)
    kernels.push_back(kernel.c_str());
  std::string_view bytes = module.deviceCode();
  moert_device_code code{module.target->deviceCode.c_str(), bytes.data(), int64_t(bytes.size()), kernels.data(), int32_t(kernels.size())};
  char message[512] = "";
  if (moert_code failed = device->table.load(device->instance, &code, &taken, message, sizeof message))
    return fail(failed, "device '", device->table.name, "': ", message);
  loaded = true;
  failedCheck = static_cast<int32_t *>(device->table.allocate(device->instance, sizeof *failedCheck));
  return failedCheck ? Status() : fail(MOERT_OUT_OF_MEMORY, "device '", device->table.name, "' has no memory");
}

Status Program::launch(int32_t kernel, const moert_grid &grid, const int64_t *args, int32_t count) {
  for (int64_t blocks : grid.blocks)
    if (blocks <= 0)
      return blocks == 0 ? Status() : fail(MOERT_INVALID_ARGUMENT, "the model computed a negative length");
  operands.assign(args, args + count);
  operands.push_back(reinterpret_cast<int64_t>(failedCheck));
  char message[512] = "";
  moert_code failed = device->table.launch(device->instance, taken, kernel, &grid, operands.data(), count + 1, message, sizeof message);
  return failed ? fail(failed, "device '", device->table.name, "': ", message) : Status();
}

Status Program::synchronize(const std::vector<std::string> &messages) {
  char message[512] = "";
  if (moert_code failed = device->table.synchronize(device->instance, message, sizeof message))
    return fail(failed, "device '", device->table.name, "': ", message);
  int32_t number = std::exchange(*failedCheck, 0);
  if (number == 0)
    return {};
  return fail(MOERT_INVALID_ARGUMENT, size_t(number) <= messages.size() ? messages[size_t(number - 1)] : "a check in a kernel did not hold");
}

} // namespace moert
