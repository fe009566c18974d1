"""Writes layers that look like experts but differ in one place: lookalikes.py OUT KIND

The layer has the sorted form; KIND says what is different:
  none          nothing: the layer is one of experts
  swapped       two experts' matrices of the down projection have changed places
  permutation   results return to their tokens in another order than they were taken from them
  activation    a unit that is no activation of experts
  unnormalised  weights are not renormalised (a layer of experts with another router)
  bounds        the rows of the last two experts are divided at another place
"""
import subprocess
import sys

import onnx
from onnx import helper, numpy_helper

out, kind = sys.argv[1:]
subprocess.run(["moe-gen", "moe", "--form=sorted", "--experts=4", "--hidden=12", "--ffn=8", "-o", out], check=True)
model = onnx.load(out)
graph = model.graph
named = lambda op: [node for node in graph.node if node.op_type == op]

if kind == "swapped":
    split = [node for node in named("Split") if node.input[0].endswith("down_proj")][0]
    split.output[1], split.output[2] = split.output[2], split.output[1]
elif kind == "permutation":
    named("ScatterND")[0].input[2] = named("TopK")[1].output[1]
elif kind == "activation":
    named("Sigmoid")[0].op_type = "Softsign"
elif kind == "unnormalised":
    division = [node for node in named("Div") if node.input[1].startswith("reducesum")][0]
    division.input[1] = "one"
    graph.initializer.append(numpy_helper.from_array(__import__("numpy").float32(1), "one"))
elif kind == "bounds":
    ranges = named("Range")
    zero, last = ranges[0].input[0], ranges[3]
    last.input[0] = ranges[2].input[0]
    ranges[2].input[1] = ranges[2].input[0]
onnx.save(model, out)
