"""Runs a command whose stderr is a terminal and prints what it writes there, control characters by name."""
import os
import pty
import subprocess
import sys

terminal, other = pty.openpty()
process = subprocess.Popen(sys.argv[1:], stderr=other)
os.close(other)
written = b""
try:
    while piece := os.read(terminal, 1 << 16):
        written += piece
except OSError:  # the other end is closed
    pass
text = written.decode().replace("\r\n", "\n").replace("\r\033[K", "\nback, erase: ")
print(text + "end")
sys.exit(process.wait())
