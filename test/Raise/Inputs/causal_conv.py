"""Makes a model of one CausalConvWithState: causal_conv.py OUT.onnx [--past N] [--attr NAME=VALUE] [--no-bias]"""
import argparse

import onnx
from onnx import TensorProto, helper

parser = argparse.ArgumentParser()
parser.add_argument("out")
parser.add_argument("--past", type=int, default=3)
parser.add_argument("--attr", action="append", default=[])
parser.add_argument("--no-bias", action="store_true")
args = parser.parse_args()


def value(name, shape):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


attributes = {name: int(text) if text.isdigit() else text for name, text in (pair.split("=") for pair in args.attr)}
last = attributes.get("channels_last")
x, past = (["b", "t", 20], ["b", args.past, 20]) if last else (["b", 20, "t"], ["b", 20, args.past])
inputs = [value("x", x), value("w", [20, 1, 4]), value("bias", [20]), value("past", past)]
node = helper.make_node(
    "CausalConvWithState", ["x", "w", "" if args.no_bias else "bias", "past"], ["y", "present"], domain="com.microsoft", **attributes
)
graph = helper.make_graph([node], "causal_conv", inputs, [value("y", x), value("present", past)])
opsets = [helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)]
onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=10), args.out)
