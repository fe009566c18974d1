"""Expert layers in ONNX Runtime's form, with random weights."""
import os

import numpy
import onnx
from onnx import TensorProto, helper


class Layer:
    """A com.microsoft MoE or QMoE layer with SwiGLU; gate and up are interleaved rows of `first`."""

    def __init__(self, folder, shape, format, number):
        self.hidden, self.inner, self.experts, self.chosen = shape
        self.bits = {"int8": 8, "int4": 4}.get(format)
        self.path = os.path.join(folder, f"experts_{'_'.join(map(str, shape))}_{format if self.bits else 'f32'}_{number}.onnx")
        generator = numpy.random.default_rng(number)
        self.first = self._weight(generator, 2 * self.inner, self.hidden)
        self.second = self._weight(generator, self.hidden, self.inner)
        if not os.path.exists(self.path):
            self._write()

    def distinct(self, logits):
        """How many experts tokens with these scores choose."""
        return len(numpy.unique(numpy.argpartition(-logits, self.chosen - 1, axis=1)[:, : self.chosen]))

    def _weight(self, generator, rows, columns):
        if self.bits:
            return generator.integers(0, 256, (self.experts, rows, columns * self.bits // 8), dtype=numpy.uint8)
        return generator.standard_normal((self.experts, rows, columns), dtype=numpy.float32) * numpy.float32(0.02)

    def _write(self):
        names, initializers = [], []

        def add(name, array):
            tensor = onnx.TensorProto(name=name, dims=array.shape, data_type=helper.np_dtype_to_tensor_dtype(array.dtype), raw_data=array.tobytes())
            names.append(name)
            initializers.append(tensor)

        for name, weight, rows, columns in (("first", self.first, 2 * self.inner, self.hidden), ("second", self.second, self.hidden, self.inner)):
            add(name, weight)
            if self.bits:
                add(f"{name}_scale", numpy.full((self.experts, rows, columns // 32), 0.16 / 2**self.bits, numpy.float32))
            add(f"{name}_bias", numpy.zeros((self.experts, rows), numpy.float32))
        attributes = dict(k=self.chosen, activation_type="swiglu", swiglu_fusion=1, normalize_routing_weights=1, activation_alpha=1.0, activation_beta=0.0)
        if self.bits:
            attributes.update(expert_weight_bits=self.bits, block_size=32)
        node = helper.make_node("QMoE" if self.bits else "MoE", ["x", "router", *names], ["y"], domain="com.microsoft", **attributes)
        value = lambda name, width: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["tokens", width])
        graph = helper.make_graph([node], "experts", [value("x", self.hidden), value("router", self.experts)], [value("y", self.hidden)], initializers)
        opsets = [helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
        onnx.save(model, self.path, save_as_external_data=True, location=os.path.basename(self.path) + ".data")
