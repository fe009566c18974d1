//===- host_ops.h - operators that the host program supplies ---------------------------------------------*- C++ -*-===//
#pragma once

#include "moert/abi.h"
#include "status.h"
#include <functional>

namespace moert {

/// Runs the registered operator `name`; `allocate` gives memory for an output of so many bytes, or null.
Status runHostOp(const char *name, const char *attributes, int32_t numInputs, const moert_value *inputs, int32_t numOutputs,
                 moert_value *outputs, const std::function<void *(int64_t bytes)> &allocate);

Status registerHostOp(const char *name, moert_op op, void *user);

} // namespace moert
