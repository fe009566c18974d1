"""A graph with subgraphs that read values from outside, an output that is an input, and one that comes twice."""

import sys

import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import helper as h

info = h.make_tensor_value_info
scalar = info("flag", T.BOOL, [])
then = h.make_graph([h.make_node("Tanh", ["x"], ["t"])], "then", [], [info("t", T.FLOAT, None)])
otherwise = h.make_graph([h.make_node("Identity", ["x"], ["e"])], "else", [], [info("e", T.FLOAT, None)])
step = [h.make_node("Mul", ["carried", "half"], ["next"]), h.make_node("Identity", ["going"], ["again"])]
body = h.make_graph(step, "body", [info("i", T.INT64, []), info("going", T.BOOL, []), info("carried", T.FLOAT, None)],
                    [info("again", T.BOOL, []), info("next", T.FLOAT, None)], [onnx.numpy_helper.from_array(np.float32(0.5), "half")])
nodes = [
    h.make_node("If", ["flag"], ["chosen"], then_branch=then, else_branch=otherwise),
    h.make_node("Loop", ["three", "", "chosen"], ["halved"], body=body),
    h.make_node("Reshape", ["halved", "rows"], ["shaped"]),
    h.make_node("Slice", ["shaped", "zero", "one", "one"], ["first"]),
    h.make_node("Identity", ["first"], ["twice"]),
    h.make_node("Identity", ["x"], ["same"]),
]
constants = [onnx.numpy_helper.from_array(np.array(value), name) for name, value in (("three", 3), ("rows", [-1, 3]), ("zero", [0]), ("one", [1]))]
outputs = [info("shaped", T.FLOAT, ["n", 3]), info("first", T.FLOAT, ["n", 1]), info("twice", T.FLOAT, ["n", 1]), info("same", T.FLOAT, ["n", 3])]
graph = h.make_graph(nodes, "plain", [info("x", T.FLOAT, ["n", 3]), scalar], outputs, constants)
onnx.save(h.make_model(graph, opset_imports=[h.make_opsetid("", 17)], ir_version=8), sys.argv[1])
