"""Both files give the same in ONNX Runtime, and the second one is valid; prints its operators.

The inputs are random; symbolic lengths take the values of the lists given as NAME=N,N,...
"""

import sys

import numpy as np
import onnx
import onnxruntime as ort

TYPES = {"tensor(float)": np.float32, "tensor(int64)": np.int64, "tensor(bool)": np.bool_}


def session(path):
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])


first, second, *lengths = sys.argv[1:]
onnx.checker.check_model(second, full_check=True)
before, after = session(first), session(second)
assert [(i.name, i.type) for i in before.get_inputs()] == [(i.name, i.type) for i in after.get_inputs()]
assert [o.name for o in before.get_outputs()] == [o.name for o in after.get_outputs()]
names = [given.split("=")[0] for given in lengths]
random = np.random.default_rng(0)
for values in zip(*([int(n) for n in given.split("=")[1].split(",")] for given in lengths)):
    bound = dict(zip(names, values))
    feeds = {}
    for info in before.get_inputs():
        shape = [bound[dim] if isinstance(dim, str) else dim for dim in info.shape]
        kind = TYPES[info.type]
        feeds[info.name] = random.standard_normal(shape).astype(kind) if kind == np.float32 else random.integers(0, 2, shape).astype(kind)
    for name, want, got in zip((o.name for o in before.get_outputs()), before.run(None, feeds), after.run(None, feeds)):
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-4, err_msg=f"{name} with {bound}")
print(*sorted({node.op_type for node in onnx.load(second, load_external_data=False).graph.node}))
