"""From an ONNX file to an artefact."""
import ctypes
import functools
import os

from . import _libraries
from .errors import BY_EXIT_CODE

_HANDLER = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_char_p)


@functools.cache
def _library():
    library = _libraries.load("libmoe-compiler.so")
    library.moe_compile.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.POINTER(ctypes.c_char_p), _HANDLER, ctypes.c_void_p]
    library.moe_compile.restype = ctypes.c_int
    library.moe_compiler_version.restype = ctypes.c_char_p
    return library


def compiler_version():
    """The version of the compiler, such as "0.1.0"."""
    return _library().moe_compiler_version().decode()


def compile(path, output=None, *, on_remark=None, **options):
    """Compiles the ONNX file `path` to the artefact `output` (by default beside it, with the ending .moe) and returns the output's path.

    Options are those of `moe-opt`, with underscores: `target="cpu:native"`, `strict=True`, `host_op=["rules.Score", "rules.Keep"]` for one that is given repeatedly. `on_remark` is called with each remark and
    warning. Raises UsageError, InvalidInput or SystemFailure with the compiler's diagnostics; then there is no output.
    """
    output = os.fspath(output) if output is not None else os.path.splitext(os.fspath(path))[0] + ".moe"
    each = [(name.replace("_", "-"), one) for name, value in options.items() for one in (value if isinstance(value, (list, tuple)) else [value])]
    texts = [name if value is True else f"{name}={value}" for name, value in each if value is not False and value is not None]
    encoded = (ctypes.c_char_p * (len(texts) + 1))(*[text.encode() for text in texts], None)
    messages = []

    def handle(_, text):
        messages.append(text.decode(errors="replace").rstrip("\n"))

    code = _library().moe_compile(os.fsencode(path), os.fsencode(output), encoded, _HANDLER(handle), None)
    if code:
        raise BY_EXIT_CODE[code]("\n".join(messages))
    for message in messages if on_remark else ():
        on_remark(message)
    return output
