"""Writes FOLDER/gather.onnx, FOLDER/router.onnx and inputs that are right, out of range, of another name, type or shape."""
import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)


def save(name, nodes, inputs, outputs):
    values = [[helper.make_tensor_value_info(*value) for value in side] for side in (inputs, outputs)]
    onnx.save(helper.make_model(helper.make_graph(nodes, "g", *values), opset_imports=[helper.make_opsetid("", 20)], ir_version=9), folder / name)


save("gather.onnx", [helper.make_node("Gather", ["table", "id"], ["row"], name="pick")],
     [("table", TensorProto.FLOAT, [4, 3]), ("id", TensorProto.INT64, ["n"])], [("row", TensorProto.FLOAT, ["n", 3])])
save("router.onnx", [helper.make_node("Softmax", ["x"], ["p"], name="score"), helper.make_node("TopK", ["p", "k"], ["v", "i"], name="choose")],
     [("x", TensorProto.FLOAT, ["n", 4]), ("k", TensorProto.INT64, [1])], [("v", TensorProto.FLOAT, ["n", "k"]), ("i", TensorProto.INT64, ["n", "k"])])

table = np.arange(12, dtype=np.float32).reshape(4, 3)
np.savez(folder / "good.npz", table=table, id=np.array([3, -4]))
np.savez(folder / "range.npz", table=table, id=np.array([4]))
np.savez(folder / "none.npz", table=table, id=np.zeros(0, np.int64))
np.savez(folder / "name.npz", table=table, ids=np.array([0]))
np.savez(folder / "type.npz", table=table, id=np.array([0], np.int32))
np.savez(folder / "shape.npz", table=table[:, :2].copy(), id=np.array([0]))
logits = np.array([[1, np.nan, 2, 0], [0, 3, 1, 2]], np.float32)
np.savez(folder / "nan.npz", x=logits, k=np.array([2]))
np.savez(folder / "k.npz", x=logits, k=np.array([5]))
