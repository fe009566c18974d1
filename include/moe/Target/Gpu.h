//===- Gpu.h - code for GPUs --------------------------------------------------------------------------*- C++ -*-===//
#pragma once

#include "moe/Target/Target.h"

namespace moe {

/// emu:CHIP: the code for a GPU, run by the emulator. "gpu" is the first chip.
llvm::Expected<std::shared_ptr<const Target>> makeEmulatedTarget(llvm::StringRef chip);

} // namespace moe
