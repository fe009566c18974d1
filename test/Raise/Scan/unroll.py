"""Writes recurrences as exporters that trace a loop do: the body once per step.

    unroll.py FAMILY STEPS OUT.onnx [--other STEP] [--length L]

FAMILY: mamba (S6), rglru, rwkv (WKV of RWKV-4), delta (gated delta rule), rnn (tanh: linear in no state), chunk (gated delta rule in one chunk of
STEPS tokens, its triangular system solved row by row), ssd and ssd-one (Mamba-2 in chunks of STEPS tokens, segment sums and products of matrices; of
any number of chunks and of one). --other makes one step differ. The inputs' time axis is dynamic; --length fixes it.
"""
import argparse

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save


class Graph:
    def __init__(self):
        self.nodes, self.constants, self.inputs, self.outputs, self.random = [], {}, [], [], np.random.default_rng(0)

    def op(self, kind, *operands, **attributes):
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, [o if isinstance(o, str) else self.constant(o) for o in operands], [name], **attributes))
        return name

    def constant(self, value):
        array = np.asarray(value)
        array = array.astype(np.float32) if array.dtype.kind == "f" else array.astype(np.int64)
        key = (array.dtype.str, array.shape, array.tobytes())
        return self.constants.setdefault(key, (f"c{len(self.constants)}", array))[0]

    def weight(self, *shape):
        return self.constant(self.random.standard_normal(shape))

    def input(self, name, *shape):
        self.inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        return name

    def output(self, value, rank):
        name = f"out{len(self.outputs)}"
        self.nodes.append(helper.make_node("Identity", [value], [name]))
        self.outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [f"{name}_{i}" for i in range(rank)]))

    def zeros(self, like, *shape):
        """Zeros of [batch of like, *shape]."""
        batch = self.op("Shape", like, start=0, end=1)
        return self.op("Expand", 0.0, self.op("Concat", batch, list(shape), axis=0))

    def save(self, path):
        initial = [numpy_helper.from_array(array, name) for name, array in self.constants.values()]
        graph = helper.make_graph(self.nodes, "unrolled", self.inputs, self.outputs, initial)
        save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9), path)


def stack(g, values, axis):
    return g.op("Concat", *[g.op("Unsqueeze", value, [axis]) for value in values], axis=axis)


def scatter(g, like, values):
    """The values written one after the other into zeros of the shape of `like`, along axis 1."""
    buffer = g.op("Expand", 0.0, g.op("Shape", like))
    for t, value in enumerate(values):
        value = g.op("Unsqueeze", value, [1])
        buffer = g.op("ScatterElements", buffer, g.op("Expand", t, g.op("Shape", value)), value, axis=1)
    return buffer


def mamba(g, steps, length, other, channels=6, states=4):
    x, dt = g.input("x", "B", channels, length), g.input("dt", "B", channels, length)
    b, c = g.input("b", "B", length, states), g.input("c", "B", length, states)
    spread = g.op("Unsqueeze", g.op("Softplus", dt), [3])
    decay = g.op("Exp", g.op("Mul", g.op("Neg", g.op("Exp", g.weight(1, channels, 1, states))), spread))
    put = g.op("Mul", g.op("Mul", spread, g.op("Unsqueeze", b, [1])), g.op("Unsqueeze", x, [3]))
    h, ys = g.zeros(x, channels, states), []
    for t in range(steps):
        h = g.op("Add", g.op("Mul", g.op("Gather", decay, t, axis=2), h), g.op("Gather", put, t, axis=2))
        if t == other:
            h = g.op("Tanh", h)
        y = g.op("MatMul", h, g.op("Unsqueeze", g.op("Gather", c, t, axis=1), [-1]))
        ys.append(g.op("Gather", y, 0, axis=2))
    g.output(stack(g, ys, 2), 3)
    g.output(h, 3)


def rglru(g, steps, length, other, width=5):
    x, gate = g.input("x", "B", length, width), g.input("gate", "B", length, width)
    logarithm = g.op("Mul", g.op("Sigmoid", gate), g.op("Neg", g.op("Softplus", g.weight(width))))
    position = g.op("Range", 0, g.op("Squeeze", g.op("Shape", x, start=1, end=2)), 1)
    later = g.op("Cast", g.op("Not", g.op("Equal", g.op("Unsqueeze", position, [0, 2]), 0)), to=TensorProto.FLOAT)
    decay = g.op("Mul", g.op("Exp", logarithm), later)  # the first step starts anew
    put = g.op("Mul", x, g.op("Sqrt", g.op("Sub", 1.0, g.op("Exp", g.op("Mul", logarithm, 2.0)))))
    h, hs = g.zeros(x, width), []
    for t in range(steps):
        h = g.op("Add", g.op("Mul", g.op("Gather", decay, t, axis=1), h), g.op("Gather", put, t, axis=1))
        if t == other:
            h = g.op("Tanh", h)
        hs.append(h)
    g.output(scatter(g, x, hs), 3)


def rwkv(g, steps, length, other, width=5):
    key, value = g.input("k", "B", length, width), g.input("v", "B", length, width)
    first, decay = g.weight(width), g.op("Neg", g.op("Exp", g.weight(width)))
    numerator = denominator = g.zeros(key, width)
    maximum, outs = g.op("Sub", numerator, 1e38), []
    for t in range(steps):
        k, v = g.op("Gather", key, t, axis=1), g.op("Gather", value, t, axis=1)
        own = g.op("Add", k, first)
        top = g.op("Max", maximum, own)
        old, new = g.op("Exp", g.op("Sub", maximum, top)), g.op("Exp", g.op("Sub", own, top))
        above = g.op("Add", g.op("Mul", old, numerator), g.op("Mul", new, v))
        outs.append(g.op("Div", above, g.op("Add", g.op("Mul", old, denominator), new)))
        kept = g.op("Add", maximum, decay)
        maximum = g.op("Max", kept, k)
        old, new = g.op("Exp", g.op("Sub", kept, maximum)), g.op("Exp", g.op("Sub", k, maximum))
        numerator = g.op("Add", g.op("Mul", old, numerator), g.op("Mul", new, v))
        denominator = g.op("Add", g.op("Mul", old, denominator), new)
        if t == other:
            denominator = g.op("Add", denominator, 1.0)
    g.output(scatter(g, key, outs), 3)


def delta(g, steps, length, other, heads=2, keys=4, values=3):
    query, key = (g.input(name, "B", heads, length, keys) for name in "qk")
    value, gate, beta = g.input("v", "B", heads, length, values), g.input("g", "B", heads, length), g.input("beta", "B", heads, length)
    decay, rate = g.op("Neg", g.op("Softplus", gate)), g.op("Sigmoid", beta)
    s, outs = g.zeros(query, heads, keys, values), []
    for t in range(steps):
        q, k, v, d, r = (g.op("Gather", each, t, axis=2) for each in (query, key, value, decay, rate))
        s = g.op("Mul", s, g.op("Unsqueeze", g.op("Exp", d), [2, 3]))
        column = g.op("Unsqueeze", k, [3])
        held = g.op("ReduceSum", g.op("Mul", s, column), [2], keepdims=0)
        change = g.op("Mul", g.op("Sub", v, held), g.op("Unsqueeze", r, [2]))
        s = g.op("Add", s, g.op("Mul", column, g.op("Unsqueeze", change, [2])))
        if t == other:
            s = g.op("Tanh", s)
        outs.append(g.op("ReduceSum", g.op("Mul", s, g.op("Unsqueeze", q, [3])), [2], keepdims=0))
    g.output(stack(g, outs, 2), 4)
    g.output(s, 4)


def chunk(g, size, length, other, heads=2, keys=4, values=3):
    query, key = (g.input(name, "B", heads, length, keys) for name in "qk")
    value, gate, beta = g.input("v", "B", heads, length, values), g.input("g", "B", heads, length), g.input("beta", "B", heads, length)
    state = g.input("s", "B", heads, keys, values)
    tokens, batch = g.op("Shape", query, start=2, end=3), g.op("Shape", query, start=0, end=1)
    missing = g.op("Mod", g.op("Sub", [size], g.op("Mod", tokens, [size])), [size])

    def padded(each, rank):
        behind = [[0] * (rank - 3)] if rank > 3 else []
        return g.op("Pad", each, g.op("Concat", [0] * (rank + 2), missing, *behind, axis=0))

    def chunks(each, *shape):
        return g.op("Reshape", each, g.op("Concat", batch, [heads, -1, size, *shape], axis=0))

    rate = g.op("Unsqueeze", padded(g.op("Sigmoid", beta), 3), [-1])
    query, key, value = (padded(each, 4) for each in (query, key, value))
    kb, vb = chunks(g.op("Mul", key, rate), keys), chunks(g.op("Mul", value, rate), values)
    q, k = chunks(query, keys), chunks(key, keys)
    total = g.op("CumSum", chunks(padded(g.op("Neg", g.op("Softplus", gate)), 3)), -1)
    ratio = g.op("Exp", g.op("Sub", g.op("Unsqueeze", total, [4]), g.op("Unsqueeze", total, [3])))
    transposed = g.op("Transpose", k, perm=[0, 1, 2, 4, 3])
    system = g.op("Neg", g.op("Trilu", g.op("Mul", g.op("MatMul", kb, transposed), ratio), -1, upper=0))
    for i in range(1, size):
        row = g.op("Gather", system, i, axis=3)
        left = g.op("Slice", row, [0], [i], [3])
        above = g.op("Slice", g.op("Slice", system, [0], [i], [3]), [0], [i], [4])
        solved = g.op("Add", left, g.op("ReduceSum", g.op("Mul", g.op("Unsqueeze", left, [4]), above), [3], keepdims=0))
        if i == other:
            solved = g.op("Mul", solved, 1.01)
        row = g.op("Unsqueeze", g.op("Concat", solved, g.op("Slice", row, [i], [size], [3]), axis=3), [3])
        system = g.op("ScatterElements", system, g.op("Expand", i, g.op("Shape", row)), row, axis=3)
    inverse = g.op("Add", system, np.eye(size))
    inner = g.op("Gather", g.op("MatMul", inverse, vb), 0, axis=2)
    grown = g.op("Unsqueeze", g.op("Exp", total), [4])
    held = g.op("Gather", g.op("MatMul", inverse, g.op("Mul", kb, grown)), 0, axis=2)
    new = g.op("Sub", inner, g.op("MatMul", held, state))
    scores = g.op("Gather", g.op("Trilu", g.op("Mul", g.op("MatMul", q, transposed), ratio), upper=0), 0, axis=2)
    old = g.op("MatMul", g.op("Gather", g.op("Mul", q, grown), 0, axis=2), state)
    out = g.op("Add", old, g.op("MatMul", scores, new))
    last = g.op("Slice", total, [-1], [2**62], [3])
    faded = g.op("Mul", k, g.op("Unsqueeze", g.op("Exp", g.op("Sub", last, total)), [4]))
    kept = g.op("Mul", state, g.op("Gather", g.op("Unsqueeze", g.op("Exp", last), [4]), 0, axis=2))
    put = g.op("MatMul", g.op("Gather", g.op("Transpose", faded, perm=[0, 1, 2, 4, 3]), 0, axis=2), new)
    g.output(g.op("Add", kept, put), 4)
    g.output(g.op("Slice", out, [0], tokens, [2]), 4)


def segments(g, gates, size):
    """gates[..., j + 1] + ... + gates[..., i] at [i, j], -inf above the diagonal."""
    wide = g.op("Expand", g.op("Unsqueeze", gates, [-1]), g.op("Concat", g.op("Shape", gates), size, axis=0))
    ones = g.op("Expand", g.op("Cast", 1, to=TensorProto.BOOL), g.op("Concat", size, size, axis=0))
    below, lower = (g.op("Trilu", ones, place, upper=0) for place in (-1, 0))
    return g.op("Where", lower, g.op("CumSum", g.op("Where", below, wide, 0.0), -2), -np.inf)


def ssd(g, size, length, other, heads=4, groups=2, state=5, width=3, fixed=False):
    """As transformers writes Mamba-2."""
    x, dt = g.input("x", "B", length, heads, width), g.op("Softplus", g.input("dt", "B", length, heads))
    keys, queries = (g.input(name, "B", length, groups, state) for name in "bc")
    first = g.input("s", "B", heads, width, state)
    batch, tokens = (g.op("Shape", x, start=axis, end=axis + 1) for axis in (0, 1))
    missing = g.op("Mod", g.op("Sub", [size], g.op("Mod", tokens, [size])), [size])
    count = [1] if fixed else g.op("Div", g.op("Add", tokens, missing), [size])

    def padded(each, rank):
        return g.op("Pad", each, g.op("Concat", [0] * (rank + 1), missing, [0] * (rank - 2), axis=0))

    def chunks(each, *shape):
        return g.op("Reshape", padded(each, 2 + len(shape)), g.op("Concat", batch, count, [size, *shape], axis=0))

    def repeated(each):
        wide = g.op("Expand", g.op("Unsqueeze", each, [3]), [1, 1, 1, heads // groups, 1])
        return g.op("Reshape", wide, [0, 0, heads, state])

    skipped = g.op("Mul", padded(x, 4), g.weight(heads, 1))
    values = chunks(g.op("Mul", x, g.op("Unsqueeze", dt, [-1])), heads, width)
    keys, queries = (chunks(repeated(each), heads, state) for each in (keys, queries))
    gates = g.op("Transpose", chunks(g.op("Mul", dt, -np.exp(np.arange(heads))), heads), perm=[0, 3, 1, 2])
    total = g.op("CumSum", gates, -1)
    scores = g.op("Einsum", queries, keys, equation="bclhn,bcshn->bhcls")
    if other == 0:
        scores = g.op("Mul", scores, 1.01)
    weights = g.op("Mul", scores, g.op("Exp", segments(g, gates, [size])))
    inside = g.op("Einsum", weights, values, equation="bhcls,bcshp->bclhp")
    last = g.op("Slice", total, [-1], [2**62], [3])
    faded = g.op("Transpose", g.op("Exp", g.op("Sub", last, total)), perm=[0, 2, 3, 1])
    own = g.op("Einsum", g.op("Mul", keys, g.op("Unsqueeze", faded, [-1])), values, equation="bclhn,bclhp->bchpn")
    states = g.op("Concat", g.op("Unsqueeze", first, [1]), own, axis=1)
    ends = g.op("Pad", g.op("Squeeze", last, [3]), [0, 0, 1, 0, 0, 0])
    carried = g.op("Exp", segments(g, ends, g.op("Add", count, [1])))
    states = g.op("Einsum", carried, states, equation="bhzc,bchpn->bzhpn")
    before, final = g.op("Slice", states, [0], [-1], [1]), g.op("Gather", states, -1, axis=1)
    grown = g.op("Unsqueeze", g.op("Transpose", g.op("Exp", total), perm=[0, 2, 3, 1]), [-1])
    between = g.op("Mul", g.op("Einsum", queries, before, equation="bclhn,bchpn->bclhp"), grown)
    y = g.op("Reshape", g.op("Add", inside, between), g.op("Concat", batch, [-1, heads, width], axis=0))
    g.output(g.op("Slice", g.op("Add", y, skipped), [0], tokens, [1]), 4)
    g.output(final, 4)


def ssd_one(g, size, length, other):
    ssd(g, size, length, other, fixed=True)


def rnn(g, steps, length, other, width=5):
    x = g.input("x", "B", length, width)
    h, hs, inner = g.zeros(x, width), [], g.weight(width, width)
    for t in range(steps):
        h = g.op("Tanh" if t != other else "Sigmoid", g.op("Add", g.op("MatMul", h, inner), g.op("Gather", x, t, axis=1)))
        hs.append(h)
    g.output(stack(g, hs, 1), 3)
    g.output(h, 2)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("family", choices=["mamba", "rglru", "rwkv", "delta", "rnn", "chunk", "ssd", "ssd-one"])
    parser.add_argument("steps", type=int)
    parser.add_argument("out")
    parser.add_argument("--other", type=int, default=-1, help="the step that differs")
    parser.add_argument("--length", type=int, help="a fixed length of the inputs")
    args = parser.parse_args()
    graph = Graph()
    globals()[args.family.replace("-", "_")](graph, args.steps, args.length or "T", args.other)
    graph.save(args.out)
