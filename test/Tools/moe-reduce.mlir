// moe-reduce knows the dialects: it removes what the bug does not need.
// RUN: split-file %s %t
// RUN: chmod +x %t/interesting.sh
// RUN: moe-reduce %t/input.mlir -reduction-tree='traversal-mode=0 test=%t/interesting.sh' | FileCheck %t/input.mlir

//--- interesting.sh
#!/bin/sh
# moe-reduce wants 1 for an interesting file.
grep -q "moe.norm" "$1" && exit 1
exit 0

//--- input.mlir
// CHECK-NOT: @other
// CHECK: func.func @main
// CHECK: moe.norm
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = moe.norm %x {epsilon = 1.0e-6 : f64} : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}
func.func @other(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
