"""How lit finds and runs the tests. The build writes lit.site.cfg.py, which loads this file."""
import os
import shutil
import subprocess

import lit.formats

config.name = "moe-opt"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs", "unit", "lib", "fuzz", "bench"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.moe_build_dir, "test")

# Our tools first, then FileCheck, not, count and split-file.
config.environment["PATH"] = os.pathsep.join([config.moe_tools_dir, config.llvm_tools_dir, os.environ["PATH"]])
config.environment["PYTHONPATH"] = os.path.join(config.moe_source_dir, "python")
config.substitutions.append(("%python", config.python))
config.substitutions.append(("%moe_tools", config.moe_tools_dir))
config.substitutions.append(("%moe_libraries", os.path.join(config.moe_build_dir, "lib")))
config.substitutions.append(("%exits", config.python + " " + os.path.join(config.test_source_root, "exits.py")))


def python_has(*modules):
    """True where the tests' Python can import all of the modules."""
    command = [config.python, "-c", "import " + ", ".join(modules)]
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


# Tests that need ONNX models or ONNX Runtime as the oracle say `REQUIRES: onnx` or `REQUIRES: onnxruntime`.
if python_has("onnx", "numpy"):
    config.available_features.add("onnx")
if python_has("onnx", "onnxruntime", "numpy"):
    config.available_features.add("onnxruntime")

# Tests that make code for NVIDIA's chips say `REQUIRES: ptxas`: its toolkit need not be installed.
if shutil.which("ptxas") or shutil.which("/usr/local/cuda/bin/ptxas"):
    config.available_features.add("ptxas")
    config.environment["PATH"] += os.pathsep + "/usr/local/cuda/bin"
