"""Generates a model in several forms and compares their results: forms.py FOLDER FORM,FORM... [options] [agree.py's options]

All forms run on ONNX Runtime, those of --compiled=FORM,... as artefacts too. The models are valid for ONNX's own checker.
"""
import argparse
import os
import shlex
import subprocess
import sys

import onnx

parser = argparse.ArgumentParser()
parser.add_argument("folder")
parser.add_argument("forms")
parser.add_argument("--what", default="moe")
parser.add_argument("--flag", default="form", help="moe-gen's option that says the form")
parser.add_argument("--gen", default="", help="further options of moe-gen")
parser.add_argument("--compiled", default="")
args, rest = parser.parse_known_args()
models = []
for form in args.forms.split(","):
    model = f"{args.folder}/{args.what}-{form}.onnx"
    subprocess.run(["moe-gen", args.what, f"--{args.flag}={form}", "-o", model, *shlex.split(args.gen)], check=True)
    onnx.checker.check_model(model)
    models.append(model)
for form in filter(None, args.compiled.split(",")):
    artefact = f"{args.folder}/{args.what}-{form}.moe"
    subprocess.run(["moe-opt", f"{args.folder}/{args.what}-{form}.onnx", "-o", artefact, "--target=cpu:native"], check=True, stderr=subprocess.DEVNULL)
    models.append(artefact)
agree = os.path.join(os.path.dirname(__file__), "..", "onnx", "agree.py")
sys.exit(subprocess.run([sys.executable, agree, *models, *rest]).returncode)
