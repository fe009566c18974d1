"""Runs a command and fails unless it ends with the wanted exit code: exits.py CODE COMMAND..."""
import subprocess
import sys

code = subprocess.run(sys.argv[2:], stderr=subprocess.STDOUT).returncode
if code != int(sys.argv[1]):
    sys.exit(f"exit code {code} instead of {sys.argv[1]}")
