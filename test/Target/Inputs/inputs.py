"""Random inputs for a model: inputs.py MODEL.onnx OUT.npz SYMBOL=LENGTH...; a length that no symbol gives is 3."""
import sys

import numpy as np
import onnx

model, output, *symbols = sys.argv[1:]
lengths = {name: int(value) for name, value in (symbol.split("=") for symbol in symbols)}
random = np.random.default_rng(0)
arrays = {}
for value in onnx.load(model).graph.input:
    tensor = value.type.tensor_type
    shape = [dim.dim_value or lengths.get(dim.dim_param, 3) for dim in tensor.shape.dim]
    arrays[value.name] = random.standard_normal(shape).astype(onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type))
np.savez(output, **arrays)
