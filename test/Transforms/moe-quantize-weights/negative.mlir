// RUN: moe-opt %s --moe-quantize-weights=formats=int4 | FileCheck %s
// RUN: not moe-opt %s --moe-quantize-weights=formats=int5 2>&1 | FileCheck %s --check-prefix=NAME
// NAME: error: formats: 'int5' is no format

moe.param @codes : tensor<8x64xui8> file = <"w", 0, 512, "">
moe.param @scales : tensor<8x1xf32> file = <"w", 512, 32, "">

// CHECK: moe.param @codes {{.*}} role "head" format "i8"

// Weights that come as codes keep their exact bits, and what is no weight is left alone.
// CHECK-LABEL: func.func @main
func.func @main(%x: tensor<?x64xf32>, %v: tensor<8x64xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>) {
  %codes = moe.get_param @codes : tensor<8x64xui8>
  %scales = moe.get_param @scales : tensor<8x1xf32>
  // CHECK-NOT: moe.quantize
  // CHECK: moe.dequantize {{.*}} {format = #moe.format<i8>}
  %w = moe.dequantize %codes scales %scales {format = #moe.format<i8>} : (tensor<8x64xui8>, tensor<8x1xf32>) -> tensor<8x64xf32>
  // CHECK-NOT: moe.quantize
  %y = moe.linear %x, %w : (tensor<?x64xf32>, tensor<8x64xf32>) -> tensor<?x8xf32>
  %z = moe.linear %x, %v : (tensor<?x64xf32>, tensor<8x64xf32>) -> tensor<?x8xf32>
  return %y, %z : tensor<?x8xf32>, tensor<?x8xf32>
}
