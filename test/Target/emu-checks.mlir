// A check in a kernel ends the run as on the processor, with its text and exit code.
// RUN: moe-opt %s -o %t.moe --from=legalize --target=emu:gpu
// RUN: %python -c "import numpy as np; np.savez('%t.npz', input0=np.array([3, 4]))"
// RUN: %exits 2 moe-run %t.moe --input %t.npz | FileCheck %s
// CHECK: rows: out of range

func.func @main(%ids: tensor<?xi64>) -> tensor<?xi64> attributes {rt.entry} {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %ids, %c0 : tensor<?xi64>
  %e = tensor.empty(%n) : tensor<?xi64>
  %0 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
    ins(%ids : tensor<?xi64>) outs(%e : tensor<?xi64>) {
  ^bb0(%id: i64, %b: i64):
    %c4 = arith.constant 4 : i64
    %ok = arith.cmpi ult, %id, %c4 : i64
    rt.check %ok, "rows: out of range"
    linalg.yield %id : i64
  } -> tensor<?xi64>
  return %0 : tensor<?xi64>
}
