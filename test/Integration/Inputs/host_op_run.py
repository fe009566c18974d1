"""Runs an artefact of host_op_model.py, or the model itself, with Python functions for its operators."""
import sys

import numpy as np
from moe_opt import InvalidInput, Session, compile


def score(x, ids, *, limit, factors, kind):
    assert kind == 'a"b' and not x.flags.writeable
    return np.minimum(x * np.float32(factors[0]) + np.float32(factors[1]) * ids[:, None].astype(np.float32), np.float32(limit))


def refused(session, feeds):
    try:
        session.run(None, feeds)
    except InvalidInput as error:
        print(error)


path = sys.argv[1]
session = Session(compile(path, host_op=["rules.Score", "rules.Keep"]) if path.endswith(".onnx") else path)
feeds = lambda rows: {"x": np.arange(rows * 4, dtype=np.float32).reshape(rows, 4) / 8, "ids": np.arange(rows, dtype=np.uint8) * 100}
refused(session, feeds(2))
Session.register_op("rules.Score", score)
Session.register_op("rules.Keep", lambda ids: ids[ids >= 100])
for rows in (3, 0, 1, 2):
    given = feeds(rows)
    y, kept = session.run(["y", "kept"], given)
    np.testing.assert_allclose(y, np.minimum(3 * given["x"] - 0.5 * given["ids"][:, None], 3) + given["x"], rtol=1e-6)
    np.testing.assert_array_equal(kept, given["ids"][given["ids"] >= 100] + np.uint8(1))
try:
    Session.register_op("rules.Keep", lambda ids: ids)
except InvalidInput as error:
    print(error)
for wrong in (lambda x, ids, **_: x[:1], lambda x, ids, **_: x[0], lambda x, ids, **_: x.astype(np.float64), lambda x, ids, **_: (x, x), lambda x: x):
    Session.register_op("rules.Score", None)
    Session.register_op("rules.Score", wrong)
    refused(session, feeds(2))
Session.register_op("rules.Score", None)
refused(session, feeds(2))
