"""An ONNX file gives in ONNX Runtime what an artefact gives; lengths are given as NAME=N,N,..."""

import sys

import numpy as np
import onnx
import onnxruntime as ort
from moe_opt import Session

model, artefact, *lengths = sys.argv[1:]
onnx.checker.check_model(model, full_check=True)
oracle, session = ort.InferenceSession(model, providers=["CPUExecutionProvider"]), Session(artefact)
random = np.random.default_rng(0)
for values in zip(*([int(n) for n in given.split("=")[1].split(",")] for given in lengths)):
    bound = dict(zip((given.split("=")[0] for given in lengths), values))
    feeds = {}
    for info in oracle.get_inputs():
        shape = [bound[dim] if isinstance(dim, str) else dim for dim in info.shape]
        if info.type == "tensor(float)":
            feeds[info.name] = random.standard_normal(shape).astype(np.float32)
        else:
            feeds[info.name] = random.integers(0, 2, shape).astype(np.bool_ if info.type == "tensor(bool)" else np.int64)
    for output, want, got in zip(oracle.get_outputs(), oracle.run(None, feeds), session.run(None, feeds)):
        np.testing.assert_allclose(got, want, rtol=2e-4, atol=2e-4, err_msg=f"{output.name} with {bound}")
print("equal")
