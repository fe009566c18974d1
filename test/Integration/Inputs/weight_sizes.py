"""Compiles a bank of 4 experts, 64 x 64, in each format and compares the bytes of its weights with those of codes, scales and zero points."""
import json
import pathlib
import subprocess
import sys

model, scratch = sys.argv[1:]
ROWS, DEPTH = 4 * 64, 64  # of each of gate, up and down; whole panels, so that nothing is padded

EXPECTED = {  # bytes of a matrix [ROWS, DEPTH]
    "keep": ROWS * DEPTH * 4,
    "bf16": ROWS * DEPTH * 2,
    "f16": ROWS * DEPTH * 2,
    "f8e4m3": ROWS * (DEPTH + 4),
    "int8": ROWS * (DEPTH + 4),
    "int4": ROWS * (DEPTH // 2 + 2 * 2),
    "int4:16": ROWS * (DEPTH // 2 + 4 * 2),
    "int4:128": ROWS * (DEPTH // 2 + 2 * 2),  # panels hold bf16 scales in pairs
    "int4:32:zp": ROWS * (DEPTH // 2 + 2 * 2 + 4),  # and codes of zero points in fours
    "mxfp4": ROWS * (DEPTH // 2 + 4),
    "nvfp4": ROWS * (DEPTH // 2 + 4) + 4 * 4,
}
for name, bytes_of_one in EXPECTED.items():
    artefact = pathlib.Path(scratch + ".sizes.moe")
    subprocess.run(["moe-opt", model, "-o", str(artefact), f"--weights={name}", "--target=cpu:native"], check=True)
    params = json.loads((artefact / "manifest.json").read_text())["params"]
    for role, matrices in {"gate_up": 2, "down": 1}.items():
        found = [p for p in params if p.get("role") == role]
        size = sum(p["length"] for p in found)
        assert size == matrices * bytes_of_one, (name, role, size, matrices * bytes_of_one)
        assert {p["format"] for p in found} == {"f32" if name == "keep" else "int4:32" if name == "int4" else name}, (name, found)
