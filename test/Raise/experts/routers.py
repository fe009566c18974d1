"""Writes a layer of experts with a router as models spell it: routers.py OUT KIND

  plain     weights are the sigmoid scores of the chosen, as they are (dots.llm1)
  one-group groups of experts, of which there is one (GLM-4.5)
  floor     weights are divided by their sum, which counts as at least a number (ERNIE 4.5)
  scaled    renormalised weights times a number of each expert (Gemma 4)
  added     each expert's rows are scattered into zeros without a reduction, which are added up (PyTorch's tracer)
"""
import sys

import numpy as np
import onnx
from onnx import numpy_helper, parser

H, F, E, K = 8, 12, 6, 2
SCORES = {
    "plain": "s = Sigmoid(logits)  best, ids = TopK(s, k)  w = GatherElements<axis=1>(s, ids)",
    "one-group": """s = Sigmoid(logits)  c = Add(s, bias)  members = Reshape(c, in_groups)  two, places = TopK(members, k)  of_group = ReduceSum<keepdims=0>(two, last)
        first, kept = TopK(of_group, one)  n = Shape(of_group)  none = ConstantOfShape(n)  m = Shape(kept)  ones = ConstantOfShape<value=float[1] {1}>(m)
        mask = ScatterElements<axis=1>(none, kept, ones)  wide = Unsqueeze(mask, last)  all = Expand(wide, of_experts)  flat = Reshape(all, by_expert)
        in = Cast<to=9>(flat)  out = Not(in)  choice = Where(out, lowest, c)  best, ids = TopK(choice, k)  w = GatherElements<axis=1>(s, ids)""",
    "floor": "s = Softmax(logits)  best, ids = TopK(s, k)  sum = ReduceSum<keepdims=1>(best, last)  safe = Clip(sum, least)  w = Div(best, safe)",
    "scaled": "s = Softmax(logits)  best, ids = TopK(s, k)  sum = ReduceSum<keepdims=1>(best, last)  v = Div(best, sum)  g = Gather(scales, ids)  w = Mul(v, g)",
}
GATHERED = """a = Gather(up, ids)  u = Unsqueeze(x, middle)  h = MatMul(u, a)  r = Relu(h)  b = Gather(down, ids)  d = MatMul(r, b)
    flat_d = Squeeze(d, two_axis)  col = Unsqueeze(w, last)  p = Mul(flat_d, col)  y = ReduceSum<keepdims=0>(p, one)"""


def added():
    lines = ["s = Softmax(logits)  best, ids = TopK(s, k)  hot = OneHot<axis=-1>(ids, count, zero_one)  by = Transpose<perm=[2,1,0]>(hot)",
             "shape = Shape(x)  sum0 = ConstantOfShape(shape)  flat = Reshape(best, last)"]
    for e in range(E):
        lines.append(f"m{e} = Gather(by, e{e})  c{e} = Cast<to=9>(m{e})  z{e} = NonZero(c{e})  t{e} = Transpose(z{e})  j{e}, i{e} = Split<axis=1, num_outputs=2>(t{e})"
                     f" slot{e} = Squeeze(j{e}, one)  token{e} = Squeeze(i{e}, one)  x{e} = Gather(x, token{e})  h{e} = MatMul(x{e}, up{e})  r{e} = Relu(h{e})"
                     f" d{e} = MatMul(r{e}, down{e})  tk{e} = Mul(token{e}, k0)  at{e} = Add(tk{e}, slot{e})  w{e} = Gather(flat, at{e})  v{e} = Unsqueeze(w{e}, one)"
                     f" p{e} = Mul(d{e}, v{e})  n{e} = Shape(p{e})  to{e} = Expand(i{e}, n{e})  own{e} = ScatterElements<axis=0>(sum0, to{e}, p{e})"
                     f" sum{e + 1} = Add(sum{e}, own{e})")
    return "\n".join(lines) + f"\ny = Identity(sum{E})"


def main(out, kind):
    nodes = added() if kind == "added" else SCORES[kind] + "\n" + GATHERED
    graph = parser.parse_graph(f"layer (float[tokens,{H}] x) => (float[tokens,{H}] y) {{ logits = MatMul(x, router)\n{nodes} }}")
    rng = np.random.default_rng(3)
    random = lambda *shape: rng.standard_normal(shape).astype(np.float32)
    up, down = random(E, H, F), random(E, F, H)
    ints = lambda *values: np.array(values, np.int64)
    tensors = dict(router=random(H, E), bias=random(E), up=up, down=down, scales=random(E), least=np.float32(0.6), lowest=np.float32(-np.inf),
                   k=ints(K), k0=np.int64(K), one=ints(1), last=ints(-1), middle=ints(1, 2), two_axis=ints(2), in_groups=ints(-1, 1, E), of_experts=ints(1, 1, E),
                   by_expert=ints(-1, E), count=np.int64(E), zero_one=ints(0, 1))
    for e in range(E):
        tensors |= {f"e{e}": np.int64(e), f"up{e}": up[e], f"down{e}": down[e]}
    used = {name for node in graph.node for name in node.input}
    graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in tensors.items() if name in used)
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 20)], ir_version=10), out)


main(*sys.argv[1:])
