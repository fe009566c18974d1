// RUN: moe-opt %s -split-input-file -verify-diagnostics -o /dev/null

func.func @launch_c1_missing(%n: index) {
  // expected-error @below {{names no kernel: nothing}}
  rt.launch @nothing tasks(%n) cost(%n)
  return
}

// -----

func.func private @kernel(%begin: index) {
  return
}
func.func @launch_c1_range(%n: index) {
  // expected-error @below {{needs a kernel whose first two arguments are indices}}
  rt.launch @kernel tasks(%n) cost(%n)
  return
}

// -----

func.func private @kernel(%begin: index, %end: index, %x: f32) {
  return
}
func.func @launch_c2(%n: index) {
  // expected-error @below {{arguments do not have the types of the kernel's arguments}}
  rt.launch @kernel tasks(%n) cost(%n) args(%n : index)
  return
}

// -----

func.func @param_c1_dynamic() {
  // expected-error @below {{needs a static shape and identity layout}}
  %0 = rt.param "w" : memref<?xf32>
  return
}

// -----

func.func @param_c1_layout() {
  // expected-error @below {{needs a static shape and identity layout}}
  %0 = rt.param "w" : memref<4xf32, strided<[2]>>
  return
}

// -----

func.func @routed_c1_axes(%ids: memref<?xi64>) {
  // expected-error @below {{must be 2D memref of 32-bit signless integer or 64-bit signless integer values}}
  rt.routed %ids experts(8) bytes(64) : memref<?xi64>
  return
}

// -----

func.func @routed_c1_layout(%ids: memref<?x2xi64, strided<[4, 1]>>) {
  // expected-error @below {{needs ids of identity layout}}
  rt.routed %ids experts(8) bytes(64) : memref<?x2xi64, strided<[4, 1]>>
  return
}

// -----

func.func @routed_c2(%ids: memref<?x2xi64>) {
  // expected-error @below {{needs at least one expert}}
  rt.routed %ids experts(0) bytes(64) : memref<?x2xi64>
  return
}

// -----

func.func @routed_c2_bytes(%ids: memref<?x2xi64>) {
  // expected-error @below {{needs experts of 0 or more bytes}}
  rt.routed %ids experts(8) bytes(-1) : memref<?x2xi64>
  return
}

// -----

func.func @state_c1(%n: index) {
  // expected-error @below {{needs a length for each dynamic axis}}
  %0 = rt.state "s" lengths(%n) axis 1 : memref<?x?xf32, strided<[?, 1]>>
  return
}

// -----

func.func @state_c2_axis(%n: index) {
  // expected-error @below {{needs an axis of the result}}
  %0 = rt.state "s" lengths(%n) append : memref<?xf32>
  return
}

// -----

func.func @state_c2_strides(%n: index) {
  // expected-error @below {{needs a result whose strides leave room along the axis}}
  %0 = rt.state "s" lengths(%n, %n) axis 1 : memref<?x?xf32>
  return
}

// -----

func.func @set_state_c1(%x: memref<2x2xf32, strided<[4, 1]>>) {
  // expected-error @below {{needs identity layout}}
  rt.set_state "s", %x : memref<2x2xf32, strided<[4, 1]>>
  return
}

// -----

func.func @host_op_c1(%x: tensor<?xf32>, %y: memref<?xf32>) {
  // expected-error @below {{needs tensors, or memrefs of identity layout}}
  rt.host_op "rules.Tell" attrs "{}" elements [f32, f32] (%x, %y) : (tensor<?xf32>, memref<?xf32>) -> ()
  return
}

// -----

func.func @host_op_c2(%x: tensor<?xf32>) {
  // expected-error @below {{needs results whose lengths are all dynamic}}
  %0 = rt.host_op "rules.Score" attrs "{}" elements [f32, f32] (%x) : (tensor<?xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @host_op_c3(%x: tensor<?xf32>) {
  // expected-error @below {{needs an element type for each input and result}}
  rt.host_op "rules.Tell" attrs "{}" elements [] (%x) : (tensor<?xf32>) -> ()
  return
}

// -----

func.func @host_op_c3_width(%x: tensor<?xi32>) {
  // expected-error @below {{has the element type 'ui64' for 'tensor<?xi32>'}}
  rt.host_op "rules.Tell" attrs "{}" elements [ui64] (%x) : (tensor<?xi32>) -> ()
  return
}
