//===- devices.h - the devices of this build -------------------------------------------------------------*- C++ -*-===//
#pragma once

#include "moert/device.h"
#include <string_view>

namespace moert {

extern const moert_device_table kCpuDevice, kNullDevice, kEmuDevice;

/// Null where there is none of that name.
const moert_device_table *deviceNamed(std::string_view name);

} // namespace moert
