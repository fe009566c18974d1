//===- Gpu.h - code for GPUs --------------------------------------------------------------------------*- C++ -*-===//
#pragma once

#include "moe/Target/Target.h"

namespace moe {

/// emu:CHIP: the code for a GPU, run by the emulator. "gpu" is the first chip.
llvm::Expected<std::shared_ptr<const Target>> makeEmulatedTarget(llvm::StringRef chip);

/// nvidia:CHIP makes cubin with NVIDIA's ptxas, nvidia:CHIP:ptx leaves that to the driver; amd:CHIP makes hsaco.
llvm::Expected<std::shared_ptr<const Target>> makeNvidiaTarget(llvm::StringRef chip);
llvm::Expected<std::shared_ptr<const Target>> makeAmdTarget(llvm::StringRef chip);

} // namespace moe
