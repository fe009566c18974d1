// RUN: moe-opt %s -split-input-file -verify-diagnostics -o /dev/null

func.func @dequantize_c1(%d: tensor<3x4xui8>, %s: tensor<3x1xf32>) {
  // expected-error @below {{needs data [.., N, P] of 8-bit elements and a result [.., N, K] with 4 * K <= 8 * P}}
  %0 = moe.dequantize %d scales %s {format = #moe.format<u4>} : (tensor<3x4xui8>, tensor<3x1xf32>) -> tensor<3x9xf32>
  return
}

// -----

func.func @dequantize_c2(%d: tensor<3x4xui8>, %s: tensor<3x1xf32>) {
  // expected-error @below {{needs rows of at least 1 (1 for a rank of 1) and a block of at least 0}}
  %0 = moe.dequantize %d scales %s {format = #moe.format<u4>, rows = 0 : i64} : (tensor<3x4xui8>, tensor<3x1xf32>) -> tensor<3x8xf32>
  return
}

// -----

func.func @dequantize_c3(%d: tensor<3x4xui8>, %s: tensor<3x1xf32>) {
  // expected-error @below {{needs scales [.., ceil(N / rows), ceil(K / block)]: 2 for each row}}
  %0 = moe.dequantize %d scales %s {format = #moe.format<u4>, block = 4 : i64} : (tensor<3x4xui8>, tensor<3x1xf32>) -> tensor<3x8xf32>
  return
}

// -----

func.func @dequantize_c4(%d: tensor<3x4xui8>, %s: tensor<3x1xf32>, %z: tensor<3x2xui8>) {
  // expected-error @below {{needs zero_points of the shape of scales, or packed in 1 bytes for each row}}
  %0 = moe.dequantize %d scales %s zero_points %z {format = #moe.format<u4>} : (tensor<3x4xui8>, tensor<3x1xf32>, tensor<3x2xui8>) -> tensor<3x8xf32>
  return
}

// -----

func.func @dequantize_c5(%d: tensor<3x4xui8>, %s: tensor<3x1xf32>) {
  // expected-error @below {{takes zero_points or zero for integer formats, and not both}}
  %0 = moe.dequantize %d scales %s {format = #moe.format<f4e2m1>, zero = 8 : i64} : (tensor<3x4xui8>, tensor<3x1xf32>) -> tensor<3x8xf32>
  return
}

// -----

func.func @dequantize_c6(%d: tensor<3x4xui8>, %s: tensor<3x1xf32>, %g: tensor<2xf32>) {
  // expected-error @below {{needs global of the shape of the outermost axes of the result}}
  %0 = moe.dequantize %d scales %s global %g {format = #moe.format<f4e2m1>} : (tensor<3x4xui8>, tensor<3x1xf32>, tensor<2xf32>) -> tensor<3x8xf32>
  return
}

// -----

func.func @dequantize_c7(%d: tensor<3x4xui8>, %s: tensor<3x1xf8E5M2>) {
  // expected-error @below {{needs scales, zero_points and global of at least 16 bits, or scales of type f8E8M0FNU or f8E4M3FN}}
  %0 = moe.dequantize %d scales %s {format = #moe.format<f4e2m1>} : (tensor<3x4xui8>, tensor<3x1xf8E5M2>) -> tensor<3x8xf32>
  return
}

// -----

func.func @quantize_c1(%w: tensor<3x9xf32>) {
  // expected-error @below {{needs a weight [.., N, K] with static K, and data [.., N, ceil(4 * K / 8)] of 8-bit elements}}
  %0:2 = moe.quantize %w {format = #moe.format<u4>} : (tensor<3x9xf32>) -> (tensor<3x4xui8>, tensor<3x1xf32>)
  return
}

// -----

func.func @quantize_c2(%w: tensor<3x8xf32>) {
  // expected-error @below {{needs scales [.., N, ceil(K / block)]: 1 for each row, of f8E8M0FNU or f8E4M3FN for float formats only}}
  %0:2 = moe.quantize %w {format = #moe.format<u4>} : (tensor<3x8xf32>) -> (tensor<3x4xui8>, tensor<3x1xf8E8M0FNU>)
  return
}

// -----

func.func @quantize_c3_zero_points(%w: tensor<3x8xf32>) {
  // expected-error @below {{needs zero points of unsigned formats, packed in 1 bytes for each row}}
  %0:3 = moe.quantize %w {format = #moe.format<i4>} : (tensor<3x8xf32>) -> (tensor<3x4xui8>, tensor<3x1xf32>, tensor<3x1xui8>)
  return
}

// -----

func.func @quantize_c3_global(%w: tensor<2x3x8xf32>) {
  // expected-error @below {{needs global of the shape of the outer axes of the weight}}
  %0:3 = moe.quantize %w {format = #moe.format<f4e2m1>} : (tensor<2x3x8xf32>) -> (tensor<2x3x4xui8>, tensor<2x3x1xf32>, tensor<3xf32>)
  return
}

// -----

func.func @quantize_c4(%w: tensor<3x8xf32>) {
  // expected-error @below {{takes zero for unsigned formats without zero points}}
  %0:2 = moe.quantize %w {format = #moe.format<i4>, zero = 8 : i64} : (tensor<3x8xf32>) -> (tensor<3x4xui8>, tensor<3x1xf32>)
  return
}

// -----

func.func @quantize_c5(%w: tensor<3x8xf32>, %h: tensor<3x8xf32>) {
  // expected-error @below {{needs a hessian [.., K, K]}}
  %0:2 = moe.quantize %w hessian %h {format = #moe.format<i4>} : (tensor<3x8xf32>, tensor<3x8xf32>) -> (tensor<3x4xui8>, tensor<3x1xf32>)
  return
}

// -----

func.func @quantize_c6(%w: tensor<3x8xf32>) {
  // expected-error @below {{needs a block and a damping of at least 0}}
  %0:2 = moe.quantize %w {format = #moe.format<i4>, block = -1 : i64} : (tensor<3x8xf32>) -> (tensor<3x4xui8>, tensor<3x1xf32>)
  return
}
