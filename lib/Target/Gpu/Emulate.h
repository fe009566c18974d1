//===- Emulate.h - a GPU's code for this processor ------------------------------------------------------*- C++ -*-===//
#pragma once

#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"

namespace moe {

/// Makes code for a GPU (NVVM's or AMDGPU's intrinsics) into code for the emulator (runtime/include/moert/emu.h): each of `kernels` becomes a
/// symbol moe_kernel_NAME; threads learn from the emulator who they are, and it does what they do together; every access to workgroup memory
/// asks it first. Fails where an instruction has no emulation, which the message names.
llvm::Error emulate(llvm::Module &module, const std::vector<std::string> &kernels, int64_t wave);

} // namespace moe
