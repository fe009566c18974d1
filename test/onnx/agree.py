"""Runs models on the same random inputs and fails where their results differ from the first one's.

    agree.py REFERENCE.onnx OTHER... [--lengths tokens=0,1,7] [--ids NAME=256] [--ones NAME] [--tolerance 1e-4]

A file .onnx runs on ONNX Runtime, a folder .moe through moe-run. Each list of lengths gives as many runs as it has entries; a symbolic
dimension that is not named has length 1. Inputs of integers are token ids below --ids, 1 where --ones names them (masks), or else 0.
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnxruntime as ort

ort.set_default_logger_severity(4)


def random_feeds(inputs, lengths, ids, ones, seed):
    rng = np.random.default_rng(seed)
    feeds = {}
    for info in inputs:
        shape = [dim if isinstance(dim, int) else lengths.get(dim, 1) for dim in info.shape]
        if info.name in ones:
            feeds[info.name] = np.ones(shape, info.type[len("tensor(") : -1])
        elif "int" in info.type:
            feeds[info.name] = rng.integers(0, ids.get(info.name, 1), shape).astype(info.type[len("tensor(") : -1])
        else:
            feeds[info.name] = rng.standard_normal(shape).astype({"tensor(float16)": np.float16}.get(info.type, np.float32))
    return feeds


def run_artefact(path, feeds):
    with tempfile.TemporaryDirectory() as folder:
        np.savez(folder + "/in.npz", **feeds)
        subprocess.run(["moe-run", path, "--input", folder + "/in.npz", "--output", folder + "/out.npz"], check=True)
        with np.load(folder + "/out.npz") as results:
            return dict(results)


def runner(path):
    if path.suffix == ".moe":
        return lambda feeds: run_artefact(path, feeds)
    session = ort.InferenceSession(path)
    names = [output.name for output in session.get_outputs()]
    return lambda feeds: dict(zip(names, session.run(names, feeds)))


def difference(got, want):
    """The largest difference relative to the largest value; infinity for other shapes or NaNs."""
    if got.shape != want.shape or not np.array_equal(np.isnan(got), np.isnan(want)):
        return float("inf")
    if got.size == 0:
        return 0.0
    got, want = np.nan_to_num(got.astype(np.float64)), np.nan_to_num(want.astype(np.float64))
    return float(np.abs(got - want).max() / max(np.abs(want).max(), 1e-6))


def pairs(texts):
    return dict(text.split("=") for text in texts)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("models", nargs="+", type=pathlib.Path)
    parser.add_argument("--lengths", action="append", default=[])
    parser.add_argument("--ids", action="append", default=[])
    parser.add_argument("--ones", action="append", default=[])
    parser.add_argument("--tolerance", type=float, default=1e-4)
    args = parser.parse_args()
    lists = {name: [int(n) for n in values.split(",")] for name, values in pairs(args.lengths).items()}
    ids = {name: int(n) for name, n in pairs(args.ids).items()}
    inputs = ort.InferenceSession(args.models[0]).get_inputs()
    runners = [(path.name, runner(path)) for path in args.models]
    bad = 0
    for index in range(max([len(values) for values in lists.values()], default=1)):
        lengths = {name: values[index % len(values)] for name, values in lists.items()}
        feeds = random_feeds(inputs, lengths, ids, args.ones, index)
        want = runners[0][1](feeds)
        for name, run in runners[1:]:
            got = run(feeds)
            for output, value in want.items():
                error = difference(got[output], value) if output in got else float("inf")
                if not error <= args.tolerance:
                    print(f"{name}: {output} differs by {error:.2g} for {lengths}")
                    bad += 1
    print(f"{len(runners) - 1} agree with {args.models[0].name}" if not bad else f"{bad} results differ")
    return bad != 0


if __name__ == "__main__":
    sys.exit(main())
