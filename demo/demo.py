"""Compiles the demo model and lets it continue a text. `make demo` calls it, with moe-opt and moe-run on the PATH."""

import pathlib
import shlex
import subprocess

ROOT = pathlib.Path(__file__).parent.parent
PROMPT = "And God said unto Moses, "


def run(*command):
    print("\n$", shlex.join(command), flush=True)
    subprocess.run(command, check=True, cwd=ROOT)


run("moe-opt", "demo/model/model.onnx", "-o", "build/demo.moe")
run("moe-run", "build/demo.moe", "--prompt", PROMPT, "--max-new", "350", "--temperature", "0.4", "--top-k", "8", "--seed", "2", "--stats")
