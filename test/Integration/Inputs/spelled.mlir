// Every moe op that has a form in ONNX, in each of its variants.
func.func @main(%x: tensor<?x8xf32> {onnx.name = "x", onnx.dims = ["t", ""]}, %logits: tensor<?x8xf32> {onnx.name = "logits", onnx.dims = ["t", ""]},
                %q: tensor<?x4x?x8xf32> {onnx.name = "q", onnx.dims = ["b", "", "s", ""]}, %k: tensor<?x2x?x8xf32> {onnx.name = "k", onnx.dims = ["b", "", "l", ""]},
                %v: tensor<?x2x?x6xf32> {onnx.name = "v", onnx.dims = ["b", "", "l", ""]}, %cos: tensor<1x?x3xf32> {onnx.name = "cos", onnx.dims = ["", "s", ""]},
                %mask: tensor<?x1x?x?xi1> {onnx.name = "mask", onnx.dims = ["b", "", "s", "l"]}, %bias: tensor<1x1x?x?xf32> {onnx.name = "bias", onnx.dims = ["", "", "s", "l"]},
                %total: tensor<?xi64> {onnx.name = "total", onnx.dims = ["b"]}, %w: tensor<8xf32> {onnx.name = "w", onnx.dims = [""]},
                %gate: tensor<8x6x8xf32> {onnx.name = "gate", onnx.dims = ["", "", ""]}, %up: tensor<8x6x8xf32> {onnx.name = "up", onnx.dims = ["", "", ""]},
                %down: tensor<8x8x6xf32> {onnx.name = "down", onnx.dims = ["", "", ""]}, %ub: tensor<8x6xf32> {onnx.name = "ub", onnx.dims = ["", ""]},
                %sinks: tensor<4xf32> {onnx.name = "sinks", onnx.dims = [""]})
    -> (tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x4x?x8xf32>, tensor<?x4x?x6xf32>, tensor<?x4x?x6xf32>, tensor<?x4x?x6xf32>,
        tensor<?x4x?x6xf32>, tensor<?x4x?x6xf32>, tensor<?x4x?x6xf32>, tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>) {
  %rms = moe.norm %x scale %w bias %w {epsilon = 1.0e-5 : f64} : (tensor<?x8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  %bare = moe.norm %x {epsilon = 1.0e-5 : f64} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %layer = moe.norm %x scale %w {kind = #moe.norm_kind<layer>, epsilon = 1.0e-5 : f64} : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  %l2 = moe.norm %x scale %w {kind = #moe.norm_kind<l2>, epsilon = 1.0e-5 : f64} : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  %turned = moe.rotary %q, %cos, %cos : (tensor<?x4x?x8xf32>, tensor<1x?x3xf32>, tensor<1x?x3xf32>) -> tensor<?x4x?x8xf32>
  %causal = moe.attention %turned, %k, %v {causal, scale = 0.5 : f64} : (tensor<?x4x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x6xf32>) -> tensor<?x4x?x6xf32>
  %window = moe.attention %q, %k, %v {causal, window = 2 : i64, scale = 0.5 : f64, softcap = 3.0 : f64} : (tensor<?x4x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x6xf32>) -> tensor<?x4x?x6xf32>
  %masked = moe.attention %q, %k, %v mask %mask {scale = 0.5 : f64} : (tensor<?x4x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x6xf32>, tensor<?x1x?x?xi1>) -> tensor<?x4x?x6xf32>
  %added = moe.attention %q, %k, %v mask %bias {causal, scale = 0.5 : f64} : (tensor<?x4x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x6xf32>, tensor<1x1x?x?xf32>) -> tensor<?x4x?x6xf32>
  %counted = moe.attention %q, %k, %v total %total {scale = 0.5 : f64} : (tensor<?x4x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x6xf32>, tensor<?xi64>) -> tensor<?x4x?x6xf32>
  %sunk = moe.attention %q, %k, %v mask %bias sinks %sinks {causal, scale = 0.5 : f64, softcap = 3.0 : f64}
        : (tensor<?x4x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x6xf32>, tensor<1x1x?x?xf32>, tensor<4xf32>) -> tensor<?x4x?x6xf32>
  // Routers: ONNX Runtime's own, one that hands over logits, groups.
  %i0, %w0 = moe.route %logits {k = 2 : i64, scale = 2.0 : f64} : (tensor<?x8xf32>) -> (tensor<?x2xi32>, tensor<?x2xf32>)
  %i1, %w1 = moe.route %logits bias %w {k = 3 : i64, score = #moe.score<sigmoid>, renorm = #moe.renorm<sum>, epsilon = 1.0e-3 : f64, scale = 2.5 : f64}
           : (tensor<?x8xf32>, tensor<8xf32>) -> (tensor<?x3xi32>, tensor<?x3xf32>)
  %i2, %w2 = moe.route %logits {k = 2 : i64, groups = 4 : i64, groups_kept = 2 : i64, group_score = #moe.group_score<top2_sum>, score = #moe.score<sqrt_softplus>}
           : (tensor<?x8xf32>) -> (tensor<?x2xi32>, tensor<?x2xf32>)
  %i3, %w3 = moe.route %logits {k = 2 : i64, score = #moe.score<identity>, renorm = #moe.renorm<softmax>} : (tensor<?x8xf32>) -> (tensor<?x2xi32>, tensor<?x2xf32>)
  %own = moe.experts %x, %i0, %w0 gate %gate up %up down %down up_bias %ub {alpha = 1.702 : f64, beta = 1.0 : f64, limit = 1.0 : f64}
       : (tensor<?x8xf32>, tensor<?x2xi32>, tensor<?x2xf32>, tensor<8x6x8xf32>, tensor<8x6x8xf32>, tensor<8x8x6xf32>, tensor<8x6xf32>) -> tensor<?x8xf32>
  %handed = moe.experts %x, %i1, %w1 gate %gate up %up down %down
          : (tensor<?x8xf32>, tensor<?x3xi32>, tensor<?x3xf32>, tensor<8x6x8xf32>, tensor<8x6x8xf32>, tensor<8x8x6xf32>) -> tensor<?x8xf32>
  %grouped = moe.experts %x, %i2, %w2 up %up down %down {activation = #moe.activation<relu>}
           : (tensor<?x8xf32>, tensor<?x2xi32>, tensor<?x2xf32>, tensor<8x6x8xf32>, tensor<8x8x6xf32>) -> tensor<?x8xf32>
  %chosen = moe.experts %x, %i3, %w3 up %up down %down up_bias %ub {activation = #moe.activation<silu>}
          : (tensor<?x8xf32>, tensor<?x2xi32>, tensor<?x2xf32>, tensor<8x6x8xf32>, tensor<8x8x6xf32>, tensor<8x6xf32>) -> tensor<?x8xf32>
  // Experts that ONNX Runtime's operator does not have.
  %gelu = moe.experts %x, %i1, %w1 gate %gate up %up down %down up_bias %ub {activation = #moe.activation<gelu_tanh>, limit = 1.5 : f64}
        : (tensor<?x8xf32>, tensor<?x3xi32>, tensor<?x3xf32>, tensor<8x6x8xf32>, tensor<8x6x8xf32>, tensor<8x8x6xf32>, tensor<8x6xf32>) -> tensor<?x8xf32>
  %inside = moe.experts %x, %i0, %w0 up %up down %down up_bias %ub {activation = #moe.activation<relu2>, scale_input}
          : (tensor<?x8xf32>, tensor<?x2xi32>, tensor<?x2xf32>, tensor<8x6x8xf32>, tensor<8x8x6xf32>, tensor<8x6xf32>) -> tensor<?x8xf32>
  return %rms, %bare, %layer, %l2, %turned, %causal, %window, %masked, %added, %counted, %sunk, %own, %handed, %grouped, %chosen, %gelu, %inside
       : tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x4x?x8xf32>, tensor<?x4x?x6xf32>, tensor<?x4x?x6xf32>, tensor<?x4x?x6xf32>,
         tensor<?x4x?x6xf32>, tensor<?x4x?x6xf32>, tensor<?x4x?x6xf32>, tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>
}
