"""Runs an artefact that keeps state step by step beside the same model with explicit pasts."""

import sys

import numpy as np
from moe_opt import InvalidInput, Session
from stateful_model import HEADS, HIDDEN, ROOM, VOCABULARY, WIDTH

PAIRS = [("past.keys", "present.keys"), ("past.values", "present.values"), ("ring", "ring_next"), ("past.h", "present.h")]


def fresh(batch):
    cache = np.zeros((batch, HEADS, 0, WIDTH), np.float32)
    return {"past.keys": cache, "past.values": cache, "ring": np.zeros((batch, ROOM, HIDDEN), np.float32), "past.h": np.zeros((batch, HIDDEN), np.float32)}


def compare(plain, stateful, batch, counts, random):
    """The same tokens to both, `counts` of them at a time."""
    pasts, seen = fresh(batch), 0
    for count in counts:
        feeds = {"input_ids": random.integers(0, VOCABULARY, (batch, count)), "ring_at": (seen + np.arange(batch)) % ROOM}
        results = dict(zip((value.name for value in plain.get_outputs()), plain.run(None, {**feeds, **pasts})))
        (logits,) = stateful.run(["logits"], feeds)
        np.testing.assert_allclose(logits, results["logits"], rtol=1e-5, atol=1e-5)
        pasts = {past: results[present] for past, present in PAIRS}
        seen += count


plain, stateful = Session(sys.argv[1]), Session(sys.argv[2])
assert [value.name for value in stateful.get_inputs()] == ["input_ids", "ring_at"]
assert [value.name for value in stateful.get_outputs()] == ["logits"]
random = np.random.default_rng(1)
compare(plain, stateful, 2, [5, 1, 1, 3] + [1] * 40, random)
try:
    compare(plain, stateful, 3, [1], random)
except InvalidInput as error:
    print(error)
stateful.reset()
compare(plain, stateful, 3, [1, 4, 1], random)
print("equal")
