//===- program.h - device code that a device has taken --------------------------------------------------*- C++ -*-===//
#pragma once

#include "arena.h"
#include "module.h"

namespace moert {

/// The code of a target for its device, taken by an instance of it.
class Program {
public:
  explicit Program(std::shared_ptr<Device> device) : device(std::move(device)) {}
  Program(const Program &) = delete;
  ~Program();
  Status load(const Module &module);
  /// moert_api.launch; kernels also get the address of the word where a check that does not hold leaves its number + 1.
  Status launch(int32_t kernel, const moert_grid &grid, const int64_t *args, int32_t count);
  /// Waits; fails where the device or a check in a kernel has failed.
  Status synchronize(const std::vector<std::string> &messages);

private:
  std::shared_ptr<Device> device;
  moert_program *taken = nullptr;
  bool loaded = false;
  int32_t *failedCheck = nullptr; ///< memory of the device
  std::vector<int64_t> operands;
};

} // namespace moert
