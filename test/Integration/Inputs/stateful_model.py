"""A language model with every kind of state: caches that grow, a recurrence, and with --ring a cache with room that is overwritten."""

import sys

import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import helper as h

HEADS, WIDTH, VOCABULARY, ROOM = 2, 4, 11, 6
HIDDEN = HEADS * WIDTH


def build(path, ring):
    random = np.random.default_rng(0)
    nodes, constants = [], []

    def constant(name, value):
        constants.append(onnx.numpy_helper.from_array(np.asarray(value), name))
        return name

    def node(op, inputs, output, **attributes):
        nodes.append(h.make_node(op, inputs, [output], **attributes))
        return output

    def weight(name, *shape):
        return constant(name, random.standard_normal(shape).astype(np.float32) / np.float32(shape[0] ** 0.5))

    def heads(name):
        flat = node("MatMul", ["x", weight("w_" + name, HIDDEN, HIDDEN)], name + "_flat")
        split = node("Reshape", [flat, constant("split_" + name, np.array([0, 0, HEADS, WIDTH]))], name + "_split")
        return node("Transpose", [split], name, perm=[0, 2, 1, 3])

    node("Gather", [weight("embedding", VOCABULARY, HIDDEN), "input_ids"], "x")
    query, key, value = heads("q"), heads("k"), heads("v")
    # The new keys behind the old ones; queries see what is not behind them.
    node("Concat", ["past.keys", key], "present.keys", axis=2)
    node("Concat", ["past.values", value], "present.values", axis=-2)
    node("Transpose", ["present.keys"], "keys_t", perm=[0, 1, 3, 2])
    node("MatMul", [query, "keys_t"], "dots")
    node("Mul", ["dots", constant("scale", np.float32(WIDTH**-0.5))], "scores")
    zero, one = constant("zero", np.int64(0)), constant("one", np.int64(1))
    for name, tensor, axis in (("past_length", "past.keys", 2), ("new_length", "input_ids", 1)):
        node("Squeeze", [node("Shape", [tensor], name + "_1", start=axis, end=axis + 1)], name)
    node("Add", ["past_length", "new_length"], "total")
    node("Range", [zero, "total", one], "key_at")
    node("Add", [node("Range", [zero, "new_length", one], "new_at"), "past_length"], "query_at")
    node("Unsqueeze", ["query_at", constant("axis_1", np.array([1]))], "query_column")
    node("LessOrEqual", ["key_at", "query_column"], "seen")
    node("Where", ["seen", "scores", constant("lowest", np.float32(-1e30))], "masked")
    node("Softmax", ["masked"], "weights", axis=-1)
    node("MatMul", ["weights", "present.values"], "mixed")
    node("Transpose", ["mixed"], "joined", perm=[0, 2, 1, 3])
    node("Reshape", ["joined", constant("join", np.array([0, 0, HIDDEN]))], "attended")
    # A ring of the last tokens' embeddings, each batch entry at its own place.
    if ring:
        node("TensorScatter", ["ring", "x", "ring_at"], "ring_next", axis=1, mode="circular")
        node("ReduceMean", ["ring_next", "axis_1"], "recent", keepdims=1)
    # A recurrence.
    node("ReduceSum", ["x", "axis_1"], "sum", keepdims=0)
    node("Tanh", [node("Add", ["past.h", "sum"], "h_sum")], "present.h")
    node("Unsqueeze", ["present.h", "axis_1"], "h_row")
    both = node("Add", ["attended", "recent"], "both") if ring else "attended"
    node("Add", [both, "h_row"], "all")
    node("MatMul", ["all", weight("head", HIDDEN, VOCABULARY)], "logits")

    def value_info(name, type, shape):
        return h.make_tensor_value_info(name, type, shape)

    past, total = ["b", HEADS, "past", WIDTH], ["b", HEADS, "total", WIDTH]
    inputs = [
        value_info("input_ids", T.INT64, ["b", "s"]),
        value_info("past.keys", T.FLOAT, past),
        value_info("past.values", T.FLOAT, past),
        value_info("past.h", T.FLOAT, ["b", HIDDEN]),
    ]
    outputs = [
        value_info("logits", T.FLOAT, ["b", "s", VOCABULARY]),
        value_info("present.keys", T.FLOAT, total),
        value_info("present.values", T.FLOAT, total),
        value_info("present.h", T.FLOAT, ["b", HIDDEN]),
    ]
    if ring:
        inputs += [value_info("ring", T.FLOAT, ["b", ROOM, HIDDEN]), value_info("ring_at", T.INT64, ["b"])]
        outputs.append(value_info("ring_next", T.FLOAT, ["b", ROOM, HIDDEN]))
    graph = h.make_graph(nodes, "stateful", inputs, outputs, constants)
    onnx.save(h.make_model(graph, opset_imports=[h.make_opsetid("", 24)], ir_version=11), path)


if __name__ == "__main__":
    build(sys.argv[1], "--ring" in sys.argv)
