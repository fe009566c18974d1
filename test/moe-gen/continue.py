"""A text run in pieces over the cache gives the logits of the whole text, on ONNX Runtime and compiled: continue.py MODEL.onnx ARTEFACT.moe"""
import sys

import numpy as np
import onnxruntime as ort
from moe_opt import Session

HEADS, WIDTH, LAYERS = 2, 16, 3


def run(session, ids, cuts):
    """The logits of ids, run in pieces that end at `cuts`."""
    empty = np.zeros((len(ids), HEADS, 0, WIDTH), np.float32)
    cache = {f"past_key_values.{layer}.{what}": empty for layer in range(LAYERS) for what in ("key", "value")}
    names = [output.name for output in session.get_outputs()]
    pieces, begin = [], 0
    for end in cuts:
        feeds = {"input_ids": ids[:, begin:end], "attention_mask": np.ones((len(ids), end), np.int64), **cache}
        results = dict(zip(names, session.run(names, feeds)))
        cache = {name: results[name.replace("past_key_values", "present")] for name in cache}
        pieces.append(results["logits"])
        begin = end
    return np.concatenate(pieces, 1)


ids = np.random.default_rng(0).integers(0, 256, (2, 12))
reference = run(ort.InferenceSession(sys.argv[1]), ids, [12])
assert 0.1 < reference.std() < 10, reference.std()
for session in ort.InferenceSession(sys.argv[1]), Session(sys.argv[2]):
    np.testing.assert_allclose(run(session, ids, [5, 6, 7, 12]), reference, rtol=1e-3, atol=1e-4)
print("equal")
