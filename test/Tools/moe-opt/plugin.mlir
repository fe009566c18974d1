// A plugin's pass has a flag of its own and a place in pipelines.
// RUN: moe-opt %s --load-pass-plugin=%moe_libraries/libSamplePlugin.so --sample-pass 2>&1 | FileCheck %s
// RUN: moe-opt %s --load-pass-plugin %moe_libraries/libSamplePlugin.so --pass-pipeline='builtin.module(func.func(sample-pass))' 2>&1 | FileCheck %s
// RUN: not moe-opt %s --load-pass-plugin=%t.nothing.so --sample-pass 2>&1 | FileCheck %s --check-prefix=MISSING

// CHECK: remark: seen by the sample pass
// MISSING: moe-opt: error: {{.*}}nothing.so
func.func @main() {
  return
}
