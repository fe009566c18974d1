// RUN: moe-opt %s -split-input-file -verify-diagnostics -o /dev/null

// expected-error @below {{needs an axis that its type has and leaves open}}
moe.state @state_c1_rank : tensor<?x4xf32> axis 2

// -----

// expected-error @below {{needs an axis that its type has and leaves open}}
moe.state @state_c1_static : tensor<?x4xf32> axis 1

// -----

func.func @get_state_c1() {
  // expected-error @below {{names no moe.state: nothing}}
  %0 = moe.get_state @nothing : tensor<4xf32>
  return
}

// -----

moe.state @s : tensor<4xf32>
func.func @get_state_c2() {
  // expected-error @below {{has another type than the state, which is 'tensor<4xf32>'}}
  %0 = moe.get_state @s : tensor<5xf32>
  return
}

// -----

moe.state @s : tensor<?x?xf32> axis 1
func.func @get_state_c3() {
  // expected-error @below {{needs a length for each dynamic axis but the one that grows}}
  %0 = moe.get_state @s : tensor<?x?xf32>
  return
}

// -----

moe.state @s : tensor<?x4xf32>
func.func @append_state_c1(%x: tensor<?x4xf32>) {
  // expected-error @below {{names no moe.state with an axis: s}}
  %0 = moe.append_state @s, %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return
}

// -----

moe.state @s : tensor<2x?x4xf32> axis 1
func.func @append_state_c2(%x: tensor<2x?x5xf32>) {
  // expected-error @below {{needs a value that agrees with the state but along its axis}}
  %0 = moe.append_state @s, %x : (tensor<2x?x5xf32>) -> tensor<2x?x4xf32>
  return
}

// -----

func.func @write_state_c1(%x: tensor<?x4xf32>, %at: tensor<1xi64>) {
  // expected-error @below {{names no moe.state: nothing}}
  %0 = moe.write_state @nothing, %x at %at axis 1 : (tensor<?x4xf32>, tensor<1xi64>) -> tensor<?x4xf32>
  return
}

// -----

moe.state @s : tensor<2x?x4xf32> axis 1
func.func @write_state_c2_axis(%x: tensor<2x1x4xf32>, %at: tensor<1xi64>) {
  // expected-error @below {{needs an axis behind the first and a value that agrees with the state but along it}}
  %0 = moe.write_state @s, %x at %at axis 0 : (tensor<2x1x4xf32>, tensor<1xi64>) -> tensor<2x?x4xf32>
  return
}

// -----

moe.state @s : tensor<2x?x4xf32> axis 1
func.func @write_state_c2_value(%x: tensor<3x1x4xf32>, %at: tensor<1xi64>) {
  // expected-error @below {{needs an axis behind the first and a value that agrees with the state but along it}}
  %0 = moe.write_state @s, %x at %at axis 1 : (tensor<3x1x4xf32>, tensor<1xi64>) -> tensor<2x?x4xf32>
  return
}

// -----

moe.state @s : tensor<2x?x4xf32>
func.func @write_state_c3(%x: tensor<2x1x4xf32>, %at: tensor<1xi64>) {
  // expected-error @below {{needs a length for each dynamic axis but the one that grows}}
  %0 = moe.write_state @s, %x at %at axis 1 : (tensor<2x1x4xf32>, tensor<1xi64>) -> tensor<2x?x4xf32>
  return
}

// -----

moe.state @s : tensor<2x?x4xf32> axis 1
func.func @write_state_c4(%x: tensor<2x1x4xf32>, %at: tensor<3xi64>) {
  // expected-error @below {{needs one position, or one for each batch entry}}
  %0 = moe.write_state @s, %x at %at axis 1 : (tensor<2x1x4xf32>, tensor<3xi64>) -> tensor<2x?x4xf32>
  return
}

// -----

moe.state @s : tensor<4xf32>
func.func @set_state_c2(%x: tensor<5xf32>) {
  // expected-error @below {{has another type than the state, which is 'tensor<4xf32>'}}
  moe.set_state @s, %x : tensor<5xf32>
  return
}

// -----

moe.state @s : tensor<4xf32>
func.func @set_state_c3(%x: tensor<4xf32>) {
  // expected-error @below {{must stand before the function's return: states are replaced when the run ends}}
  moe.set_state @s, %x : tensor<4xf32>
  %0 = moe.get_state @s : tensor<4xf32>
  return
}
