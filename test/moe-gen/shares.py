"""Prints the shares of the tokens that the four most popular experts of a model's first router get."""
import sys

import numpy as np
import onnx
import onnxruntime as ort

model = onnx.load(sys.argv[1])
ids = next(node for node in model.graph.node if node.op_type == "TopK").output[1]
model.graph.output.append(onnx.helper.make_tensor_value_info(ids, onnx.TensorProto.INT64, None))
session = ort.InferenceSession(model.SerializeToString())
hidden = np.random.default_rng(0).standard_normal((20000, session.get_inputs()[0].shape[1])).astype(np.float32)
counts = np.bincount(session.run([ids], {"hidden": hidden})[0].ravel())
print(*(f"{share:.2f}" for share in sorted(counts / len(hidden))[:-5:-1]))
