"""Generates a model in several forms and compares their results on ONNX Runtime: forms.py FOLDER FORM,FORM... [--gen OPTIONS] [agree.py's options]"""
import argparse
import os
import shlex
import subprocess
import sys

parser = argparse.ArgumentParser()
parser.add_argument("folder")
parser.add_argument("forms")
parser.add_argument("--what", default="moe")
parser.add_argument("--gen", default="")
args, rest = parser.parse_known_args()
models = [f"{args.folder}/{form}.onnx" for form in args.forms.split(",")]
for form, model in zip(args.forms.split(","), models):
    subprocess.run(["moe-gen", args.what, f"--form={form}", "-o", model, *shlex.split(args.gen)], check=True)
agree = os.path.join(os.path.dirname(__file__), "..", "onnx", "agree.py")
sys.exit(subprocess.run([sys.executable, agree, *models, *rest]).returncode)
