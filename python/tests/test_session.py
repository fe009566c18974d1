"""The same code on ONNX Runtime and on moe_opt gives the same numbers."""
import pathlib
import tempfile
import unittest

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

import moe_opt


def small_model(path):
    """softmax(x @ w) and the row sums of x, for any number of rows."""
    weight = np.random.default_rng(0).standard_normal((48, 20)).astype(np.float32)
    nodes = [helper.make_node("MatMul", ["x", "w"], ["z"]), helper.make_node("Softmax", ["z"], ["y"], axis=-1),
             helper.make_node("ReduceSum", ["x", "last"], ["s"], keepdims=0)]
    graph = helper.make_graph(nodes, "small", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", 48])],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["rows", 20]),
                               helper.make_tensor_value_info("s", TensorProto.FLOAT, ["rows"])],
                              [onnx.numpy_helper.from_array(weight, "w"), onnx.numpy_helper.from_array(np.array([1]), "last")])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), path)


class SessionTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.model = str(pathlib.Path(cls.folder.name) / "small.onnx")
        small_model(cls.model)
        cls.artefact = moe_opt.compile(cls.model)
        cls.session = moe_opt.Session(cls.artefact)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_runs_like_onnxruntime(self):
        peer = onnxruntime.InferenceSession(self.model)
        for rows in (0, 1, 7):
            feeds = {"x": np.random.default_rng(rows).standard_normal((rows, 48)).astype(np.float32)}
            for names in (None, ["s"], ["s", "y"]):
                for got, want in zip(self.session.run(names, feeds), peer.run(names, feeds), strict=True):
                    self.assertEqual(got.shape, want.shape)
                    np.testing.assert_allclose(got, want, atol=1e-5)

    def test_says_what_it_takes(self):
        self.assertEqual(self.session.get_inputs(), [moe_opt.Value("x", ["rows", 48], np.dtype("float32"))])
        self.assertEqual([value.name for value in self.session.get_outputs()], ["y", "s"])

    def test_results_outlive_the_next_run(self):
        first, = self.session.run(["y"], {"x": np.ones((2, 48), np.float32)})
        kept = first.copy()
        self.session.run(None, {"x": np.zeros((2, 48), np.float32)})
        np.testing.assert_array_equal(first, kept)

    def test_takes_what_speaks_dlpack(self):
        class Foreign:
            def __init__(self, array):
                self.array = array

            def __dlpack__(self, **arguments):
                return self.array.__dlpack__(**arguments)

            def __dlpack_device__(self):
                return self.array.__dlpack_device__()

        x = np.ones((3, 48), np.float32)
        np.testing.assert_array_equal(self.session.run(["y"], {"x": Foreign(x)})[0], self.session.run(["y"], {"x": x})[0])

    def test_results_speak_dlpack(self):
        result, = self.session.run(["s"], {"x": np.ones((3, 48), np.float32)})
        np.testing.assert_array_equal(np.from_dlpack(result), np.full(3, 48, np.float32))

    def test_names_what_is_wrong(self):
        x = np.ones((1, 48), np.float32)
        for feeds, message in (({}, "'x' is not given"), ({"x": x, "z": x}, "no input 'z'"), ({"x": x.astype(np.float64)}, "has type float64"),
                               ({"x": x[:, :4]}, "48"), ({"x": x[0]}, "1 axes")):
            with self.assertRaisesRegex(moe_opt.InvalidInput, message):
                self.session.run(None, feeds)
        with self.assertRaisesRegex(moe_opt.InvalidInput, "no output 'q'"):
            self.session.run(["q"], {"x": x})

    def test_compiler_errors_are_exceptions(self):
        broken = pathlib.Path(self.folder.name) / "broken.onnx"
        broken.write_bytes(b"no model")
        with self.assertRaisesRegex(moe_opt.InvalidInput, "broken.onnx: error"):
            moe_opt.compile(broken)
        self.assertFalse(broken.with_suffix(".moe").exists())
        with self.assertRaisesRegex(moe_opt.SystemFailure, "cannot be read"):
            moe_opt.compile("/nowhere/model.onnx")
        with self.assertRaisesRegex(moe_opt.UsageError, "--colour: there is no such option"):
            moe_opt.compile(self.model, colour="blue")


if __name__ == "__main__":
    unittest.main()
