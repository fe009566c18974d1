"""Fails unless all arrays of the files are those of the first one, but for rounding: close.py [--within E] FIRST.npz OTHER.npz..."""
import sys

import numpy as np

arguments = sys.argv[1:]
within = float(arguments[1]) if arguments[0] == "--within" else 1e-5
first, *others = [np.load(path) for path in arguments if path.endswith(".npz")]
for other in others:
    assert first.files == other.files
    for name in first.files:
        worst = np.abs(first[name].astype(np.float64) - other[name]).max() / np.abs(first[name]).max()
        assert worst <= within, f"{name}: {worst}"
