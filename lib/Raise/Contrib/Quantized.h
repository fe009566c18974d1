//===- Quantized.h - weights of few bits as moe.dequantize --------------------------------------------*- C++ -*-===//
#pragma once

#include "Expansion.h"

namespace moe::raise {

/// What moe.dequantize takes: rows of bytes with their scales.
struct PackedWeight {
  mlir::Value data, scales, zeros, global; ///< zeros and global may be null
  Format format = Format::u4;
  int64_t block = 0, rows = 1, zero = 0;   ///< `zero` where zeros are null
};

/// Unsigned integers of 2, 3, 4 or 8 bits; nullopt for other widths.
std::optional<Format> unsignedFormat(int64_t bits);
/// The weight as float32 with `elements` in each row.
mlir::Value dequantize(Expansion &e, const PackedWeight &weight, int64_t elements);
/// Packed codes [.., bytes] without scales as float32 [.., elements].
mlir::Value unpack(Expansion &e, mlir::Value codes, Format format, int64_t elements);
/// The bytes of a weight or constant whose elements are narrower than a byte, as ui8 with a shorter last axis; null where rows do not end on
/// a byte or the value is computed. Other values are returned as they are.
mlir::Value bytesOf(Expansion &e, mlir::Value value);

} // namespace moe::raise
