"""Writes a Switch layer: the best expert of a token, at most CAPACITY tokens of a sequence for each, masked weights: capacity.py OUT CAPACITY"""
import sys

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save

out, capacity, hidden, inner, experts = sys.argv[1], int(sys.argv[2]), 12, 9, 4
rng = np.random.default_rng(0)
weights, nodes = [], []


def constant(value):
    weights.append(numpy_helper.from_array(np.asarray(value), f"c{len(weights)}"))
    return weights[-1].name


def node(op, *inputs, **attributes):
    nodes.append(helper.make_node(op, list(inputs), [f"n{len(nodes)}"], **attributes))
    return nodes[-1].output[0]


def matrix(rows, columns):
    return constant((rng.standard_normal((rows, columns)) / np.sqrt(columns)).astype(np.float32))


probabilities = node("Softmax", node("MatMul", "x", matrix(hidden, experts)), axis=-1)
best = node("Unsqueeze", node("ArgMax", probabilities, axis=-1, keepdims=0), constant([-1]))
chosen = node("Cast", node("Equal", best, constant(np.arange(experts))), to=TensorProto.INT64)
fits = node("Cast", node("LessOrEqual", node("CumSum", chosen, constant(np.int64(-2))), constant(np.int64(capacity))), to=TensorProto.INT64)
mask = node("Cast", node("Mul", chosen, fits), to=TensorProto.FLOAT)
table = node("Mul", mask, node("ReduceMax", probabilities, constant([-1]), keepdims=1))
total = node("Expand", constant(np.float32(0)), node("Shape", "x"))
for e in range(experts):
    rows = node("MatMul", node("Relu", node("MatMul", "x", matrix(hidden, inner))), matrix(inner, hidden))
    own = node("Slice", table, constant([e]), constant([e + 1]), constant([2]))
    total = node("Add", total, node("Mul", rows, own))
nodes.append(helper.make_node("Identity", [total], ["y"]))
info = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", "length", hidden]) for name in "xy"]
graph = helper.make_graph(nodes, "switch", info[:1], info[1:], weights)
save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10), out)
