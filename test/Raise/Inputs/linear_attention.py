"""Makes a model of one LinearAttention: linear_attention.py OUT.onnx [--rule R] [--heads Q,KV,K] [--per-key] [--attr NAME=INTEGER] [--state B,H,K,V]"""
import argparse

import onnx
from onnx import TensorProto, helper

parser = argparse.ArgumentParser()
parser.add_argument("out")
parser.add_argument("--rule", default="gated_delta")
parser.add_argument("--heads", default="4,4,4")
parser.add_argument("--per-key", action="store_true")
parser.add_argument("--decay", type=int)
parser.add_argument("--attr", action="append", default=[])
parser.add_argument("--state", default="b,KV,16,24")
parser.add_argument("--domain", default="com.microsoft")
args = parser.parse_args()
queries, groups, keys = map(int, args.heads.split(","))
state = [groups if n == "KV" else int(n) if n.isdigit() else n for n in args.state.split(",")]
columns = args.decay or groups * (16 if args.per_key else 1)


def value(name, shape):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


inputs = [value("q", ["b", "t", queries * 16]), value("k", ["b", "t", keys * 16]), value("v", ["b", "t", groups * 24]), value("past", state)]
nodes, names = [], ["q", "unit", "v", "past", "", ""]
# Keys of length 1, decays below 1 and rates below 1, as trained models have them.
nodes += [
    helper.make_node("Reshape", ["k", "split"], ["heads"]),
    helper.make_node("LpNormalization", ["heads"], ["lengths"], axis=-1, p=2),
    helper.make_node("Reshape", ["lengths", "joined"], ["unit"]),
]
constants = [
    helper.make_tensor("split", TensorProto.INT64, [4], [0, 0, keys, 16]),
    helper.make_tensor("joined", TensorProto.INT64, [3], [0, 0, keys * 16]),
]
if "gated" in args.rule:
    inputs.append(value("g", ["b", "t", columns]))
    nodes += [helper.make_node("Softplus", ["g"], ["positive"]), helper.make_node("Neg", ["positive"], ["decay"])]
    names[4] = "decay"
if "delta" in args.rule:
    inputs.append(value("x", ["b", "t", groups]))
    nodes.append(helper.make_node("Sigmoid", ["x"], ["beta"]))
    names[5] = "beta"
while not names[-1]:
    names.pop()
attributes = {name: int(number) for name, number in (pair.split("=") for pair in args.attr)}
nodes.append(
    helper.make_node("LinearAttention", names, ["y", "present"], domain=args.domain, update_rule=args.rule, q_num_heads=queries, kv_num_heads=groups, **attributes)
)
outputs = [value("y", ["b", "t", max(queries, groups) * 24]), value("present", ["b", groups, 16, 24])]
graph = helper.make_graph(nodes, "linear_attention", inputs, outputs, constants)
opsets = [helper.make_opsetid("", 27 if not args.domain else 21), helper.make_opsetid("com.microsoft", 1)]
onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=10), args.out)
