"""Layers of experts in each form: raised to one route and one bank of experts, nothing left of the form, and the results are the graph's.

    forms.py FOLDER FORM,FORM... [--gen OPTIONS]
"""
import argparse
import os
import re
import shlex
import subprocess
import sys

# What may stand beside the layers: weights brought into the banks' layout, a shared expert, sums between layers.
LEFT = {"Identity", "Slice", "Transpose", "Concat", "Unsqueeze", "Reshape", "Add", "Mul", "Sigmoid"}

parser = argparse.ArgumentParser()
parser.add_argument("folder")
parser.add_argument("forms")
parser.add_argument("--gen", default="")
args = parser.parse_args()
os.makedirs(args.folder, exist_ok=True)
layers = int((re.search(r"--layers=(\d+)", args.gen) or [0, 1])[1])
agree = os.path.join(os.path.dirname(__file__), "..", "..", "onnx", "agree.py")
bad = 0
for form in args.forms.split(","):
    model, artefact = f"{args.folder}/{form}.onnx", f"{args.folder}/{form}.moe"
    reference = f"{args.folder}/sorted-reference.onnx" if form in ("qmoe", "contrib") else model  # ONNX Runtime rounds in its own kernels
    subprocess.run(["moe-gen", "moe", f"--form={form}", "-o", model, *shlex.split(args.gen)], check=True)
    if reference != model:
        bits = ["--bits=4"] if form == "qmoe" and "--bits" not in args.gen else []
        subprocess.run(["moe-gen", "moe", "--form=sorted", "-o", reference, *shlex.split(args.gen), *bits], check=True)
    raised = subprocess.run(["moe-opt", model, "-o", "-", "--to=raise"], check=True, capture_output=True, text=True).stdout
    routes, banks = len(re.findall(r"= moe\.route ", raised)), len(re.findall(r"= moe\.experts ", raised))
    left = set(re.findall(r'onnx\.node "(\w+)"', raised)) - LEFT
    if (routes, banks) != (layers, layers) or left:
        print(f"{form}: {routes} routes and {banks} banks of experts for {layers} layers, left over: {sorted(left)}")
        bad += 1
    subprocess.run(["moe-opt", model, "-o", artefact], check=True, capture_output=True)
    bad += subprocess.run([sys.executable, agree, reference, artefact, "--lengths", "tokens=0,1,7,33"]).returncode != 0
sys.exit(bad != 0)
