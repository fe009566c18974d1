"""Writes a model that moe-opt must refuse: bad_models.py KIND FOLDER makes FOLDER/model.onnx, and files beside it where the kind needs them."""
import os
import pathlib
import random
import sys

import numpy as np
from onnx import TensorProto, helper, numpy_helper

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64
kind, folder = sys.argv[1], pathlib.Path(sys.argv[2])
folder.mkdir(parents=True, exist_ok=True)


def model(nodes, initializers=(), inputs=(("x", FLOAT, ["n", 512]),), output=("y", FLOAT, ["n", 512])):
    graph = helper.make_graph(list(nodes), "g", [helper.make_tensor_value_info(*value) for value in inputs],
                              [helper.make_tensor_value_info(*output)], list(initializers))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)


def add(weight):
    return model([helper.make_node("Add", ["x", "w"], ["y"], name="sum")], [weight])


def external(location, offset=0, length=2048, size=2048):
    """A weight of 512 floats in a file of `size` bytes."""
    (folder / "w.bin").write_bytes(bytes(size))
    weight = TensorProto(name="w", data_type=FLOAT, dims=[512], data_location=TensorProto.EXTERNAL)
    for key, value in (("location", location), ("offset", offset), ("length", length)):
        weight.external_data.add(key=key, value=str(value))
    return add(weight)


def node(op, inputs, outputs=("y",), **attributes):
    return helper.make_node(op, inputs, list(outputs), name="it", **attributes)


def branch(gives):
    return helper.make_graph([helper.make_node("Identity", ["x"], ["inner"])], "b", [], [helper.make_tensor_value_info(gives, FLOAT, None)])


def opset(made, version, **others):
    del made.opset_import[:]
    made.opset_import.extend([helper.make_opsetid("", version), *[helper.make_opsetid(domain, own) for domain, own in others.items()]])
    return made


good = add(numpy_helper.from_array(np.zeros(512, np.float32), "w")).SerializeToString()
cases = {
    "truncated": lambda: good[: len(good) // 2],
    "random": lambda: random.Random(7).randbytes(4096),
    "empty": lambda: b"",
    "missing": lambda: external("other.bin"),
    "absolute": lambda: external("/etc/passwd"),
    "parent": lambda: external("../w.bin"),
    "linked": lambda: (os.symlink("w.bin", folder / "link.bin"), external("link.bin"))[1],
    "short": lambda: external("w.bin", size=100),
    "wrapping": lambda: external("w.bin", offset=2**64 - 1024),
    "negative": lambda: external("w.bin", offset=-8),
    "cycle": lambda: model([helper.make_node("Add", ["x", "b"], ["a"], name="one"), helper.make_node("Neg", ["a"], ["b"], name="two"), node("Neg", ["a"])]),
    "ill-typed": lambda: model([node("Add", ["x", "i"])], inputs=[("x", FLOAT, ["n", 512]), ("i", INT64, [512])]),
    "ill-joined": lambda: model([node("Concat", ["x", "i"], axis=0)], inputs=[("x", FLOAT, ["n", 512]), ("i", INT64, ["m", 512])]),
    "float-indices": lambda: model([node("Gather", ["x", "i"])], inputs=[("x", FLOAT, ["n", 512]), ("i", FLOAT, ["m"])]),
    "ill-computed": lambda: model([helper.make_node("Shape", ["x"], ["s"]), node("Mul", ["x", "s"])]),
    "rank": lambda: model([node("Gemm", ["x", "i"])], inputs=[("x", FLOAT, ["n", 512]), ("i", FLOAT, [2, 512, 512])]),
    "unknown": lambda: model([node("Frobnicate", ["x"])]),
    "duplicate": lambda: model([helper.make_node("Neg", ["x"], ["a"], name="one"), helper.make_node("Abs", ["x"], ["a"], name="two"), node("Neg", ["a"])]),
    "undefined": lambda: model([node("Neg", ["nothing"])]),
    "text-input": lambda: model([node("Neg", ["x"])], inputs=[("x", TensorProto.STRING, ["n"])]),
    "unranked-input": lambda: model([node("Neg", ["x"])], inputs=[("x", FLOAT, None)]),
    "no-output": lambda: model([node("Neg", ["x"], ["z"])]),
    "taken-name": lambda: model([node("Neg", ["x"], ["w"]), node("Add", ["x", "w"])], [numpy_helper.from_array(np.zeros(512, np.float32), "w")]),
    "no-domain": lambda: model([node("Swish", ["x"], domain="other")]),
    "raw-length": lambda: add(TensorProto(name="w", data_type=FLOAT, dims=[512], raw_data=bytes(100))),
    "text-constant": lambda: model([node("Constant", [], ["c"], value_string="a"), node("Identity", ["x"])]),
    "new-opset": lambda: opset(model([node("Neg", ["x"])]), 99),
    "fixed-input": lambda: model([node("Neg", ["x"])], [numpy_helper.from_array(np.zeros((1, 512), np.float32), "x")]),
    "branch": lambda: model([node("If", ["c"], then_branch=branch("z"), else_branch=branch("x"))], inputs=[("x", FLOAT, ["n", 512]), ("c", TensorProto.BOOL, [])]),
    "narrow-host": lambda: opset(model([node("Rule", ["x"], domain="rules")], inputs=[("x", TensorProto.INT4, ["n", 512])]), 23, rules=1),
    "overflow": lambda: add(TensorProto(name="w", data_type=FLOAT, dims=[2**40, 2**40], raw_data=b"")),
    "k-above-e": lambda: model([node("TopK", ["x", "k"], ["y", "i"])], [numpy_helper.from_array(np.array([513]), "k")], output=("y", FLOAT, ["n", 513])),
}
made = cases[kind]()
(folder / "model.onnx").write_bytes(made if isinstance(made, bytes) else made.SerializeToString())
