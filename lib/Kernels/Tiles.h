//===- Tiles.h - rows times packed weights in AMX tiles ---------------------------------------------*- C++ -*-===//
#pragma once

#include "moe/Kernels/Product.h"

namespace moe {

/// The loops of a product that fits tiles.
void multiplyInTiles(Code c, const RowProduct &product);

} // namespace moe
