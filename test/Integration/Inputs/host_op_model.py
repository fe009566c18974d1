"""Writes a model with an operator that only the host knows: host_op_model.py MODEL.onnx [--unstated]

y = rules.Score(2 * x, ids) + x, kept = rules.Keep(ids). rules.Score has a result of the lengths of x; how many ids rules.Keep keeps only it knows.
"""
import sys

import onnx
from onnx import TensorProto, helper

rows, kept = ["rows", 4], ["kept"]
nodes = [
    helper.make_node("Add", ["x", "x"], ["twice"]),
    helper.make_node("Score", ["twice", "ids"], ["score"], name="score", domain="rules", limit=3, factors=[1.5, -0.5], kind="a\"b"),
    helper.make_node("Add", ["score", "x"], ["y"]),
    helper.make_node("Keep", ["ids"], ["few"], name="keep", domain="rules"),
    helper.make_node("Add", ["few", "one"], ["kept"]),
]
stated = [helper.make_tensor_value_info("score", TensorProto.FLOAT, rows), helper.make_tensor_value_info("few", TensorProto.UINT8, kept)]
graph = helper.make_graph(
    nodes, "host", [helper.make_tensor_value_info("x", TensorProto.FLOAT, rows), helper.make_tensor_value_info("ids", TensorProto.UINT8, ["rows"])],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, rows), helper.make_tensor_value_info("kept", TensorProto.UINT8, kept)],
    [helper.make_tensor("one", TensorProto.UINT8, [], [1])], value_info=[] if "--unstated" in sys.argv else stated)
imports = [helper.make_opsetid("", 20), helper.make_opsetid("rules", 1)]
onnx.save(helper.make_model(graph, opset_imports=imports, ir_version=10), sys.argv[1])
