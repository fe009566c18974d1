//===- collective.h - instructions of a wave ----------------------------------------------------------------*- C++ -*-===//
#pragma once

#include "moert/emu.h"
#include <vector>

namespace moert::emu {

/// Executes an instruction for all lanes of a wave, whose operands are at `in`; the results go to `out`.
void execute(moert_collective operation, const std::vector<const void *> &in, const std::vector<void *> &out);

} // namespace moert::emu
