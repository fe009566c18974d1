"""Compares an artefact with ONNX Runtime on the model that it was compiled from.

    same.py MODEL.onnx ARTEFACT.moe NAME=LENGTH...

Runs both on random inputs whose named dimensions have the given lengths. Where ONNX Runtime refuses the inputs, so must the artefact. Prints
`same` or `refused`; exit code 1 where the two differ.
"""
import subprocess
import sys
import tempfile

import numpy as np
import onnxruntime


def main(model, artefact, *lengths):
    lengths = dict((name, int(length)) for name, length in (each.split("=") for each in lengths))
    onnxruntime.set_default_logger_severity(4)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    random = np.random.default_rng(1)
    feeds = {i.name: random.standard_normal([lengths.get(d, d) for d in i.shape]).astype(np.float32) for i in session.get_inputs()}
    try:
        want = dict(zip([o.name for o in session.get_outputs()], session.run(None, feeds)))
    except Exception:
        want = None
    with tempfile.TemporaryDirectory() as folder:
        np.savez(f"{folder}/in.npz", **feeds)
        run = subprocess.run(["moe-run", artefact, "--input", f"{folder}/in.npz", "--output", f"{folder}/out.npz"], capture_output=True, text=True)
        if want is None:
            print("refused" if run.returncode == 2 else f"not refused: {run.returncode}")
            return int(run.returncode != 2)
        if run.returncode != 0:
            print(run.stderr)
            return 1
        got = dict(np.load(f"{folder}/out.npz"))
    for name, value in want.items():
        if got[name].shape != value.shape or not np.allclose(got[name], value, rtol=1e-4, atol=1e-5, equal_nan=True):
            print(f"{name} differs: {got[name].shape} for {value.shape}, by {np.abs(got[name] - value).max() if got[name].shape == value.shape else '-'}")
            return 1
    print("same")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
