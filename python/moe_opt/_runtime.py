"""The C ABI of the runtime (moert.h) for ctypes."""
import ctypes
import functools

import numpy as np

from . import _libraries
from .errors import InvalidInput, MoeError, SystemFailure

MAX_RANK = 16


class ValueInfo(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("type", ctypes.c_int), ("rank", ctypes.c_int32), ("dims", ctypes.POINTER(ctypes.c_int64)),
                ("expressions", ctypes.POINTER(ctypes.c_char_p))]


class Tensor(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("bytes", ctypes.c_int64), ("type", ctypes.c_int), ("rank", ctypes.c_int32), ("dims", ctypes.c_int64 * MAX_RANK)]


class ModuleOptions(ctypes.Structure):
    _fields_ = [("target", ctypes.c_char_p), ("isa", ctypes.c_char_p)]


class SessionOptions(ctypes.Structure):
    _fields_ = [("device", ctypes.c_char_p), ("threads", ctypes.c_int32)]


# What moert_register_op takes: (user, call, attributes, inputs, number of inputs, number of outputs).
HostOp = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p, ctypes.POINTER(Tensor), ctypes.c_int32, ctypes.c_int32)

# Functions and their result and argument types; without an entry of its own a function returns a status.
_POINTER, _STRING, _INT = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int32
_SIGNATURES = {
    "moert_status_message": (_STRING, [_POINTER]),
    "moert_status_code": (ctypes.c_int, [_POINTER]),
    "moert_status_free": (None, [_POINTER]),
    "moert_type_name": (_STRING, [ctypes.c_int]),
    "moert_module_load": (_POINTER, [_STRING, ctypes.POINTER(ModuleOptions), ctypes.POINTER(_POINTER)]),
    "moert_module_free": (None, [_POINTER]),
    "moert_module_find_entry": (_INT, [_POINTER, _STRING]),
    "moert_module_num_inputs": (_INT, [_POINTER, _INT]),
    "moert_module_num_outputs": (_INT, [_POINTER, _INT]),
    "moert_module_input": (ctypes.POINTER(ValueInfo), [_POINTER, _INT, _INT]),
    "moert_module_output": (ctypes.POINTER(ValueInfo), [_POINTER, _INT, _INT]),
    "moert_session_create": (_POINTER, [_POINTER, ctypes.POINTER(SessionOptions), ctypes.POINTER(_POINTER)]),
    "moert_session_free": (None, [_POINTER]),
    "moert_session_run": (_POINTER, [_POINTER, _INT, ctypes.POINTER(Tensor), _INT, ctypes.POINTER(Tensor), _INT]),
    "moert_session_reset": (_POINTER, [_POINTER]),
    "moert_session_detach": (_POINTER, [_POINTER, _POINTER, ctypes.POINTER(_POINTER)]),
    "moert_buffer_free": (None, [_POINTER]),
    "moert_register_op": (_POINTER, [_STRING, HostOp, _POINTER]),
    "moert_op_output": (_POINTER, [_POINTER, _INT, ctypes.POINTER(ctypes.c_int64), _INT]),
    "moert_op_output_type": (ctypes.c_int, [_POINTER, _INT]),
    "moert_op_fail": (None, [_POINTER, _STRING]),
}


@functools.cache
def library():
    """libmoert; calls into it release the interpreter's lock."""
    loaded = _libraries.load("libmoert.so")
    for name, (result, arguments) in _SIGNATURES.items():
        function = getattr(loaded, name)
        function.restype, function.argtypes = result, arguments
    return loaded


_FAILURES = {4: SystemFailure, 5: SystemFailure, 6: MoeError}  # moert_code; all others are about the input


def check(status):
    """Raises what a status says; null is success."""
    if not status:
        return
    code, message = library().moert_status_code(status), library().moert_status_message(status).decode(errors="replace")
    library().moert_status_free(status)
    raise _FAILURES.get(code, InvalidInput)(message)


@functools.cache
def dtype(element):
    """numpy's type for a moert_type; the narrow floats come from ml_dtypes."""
    name = library().moert_type_name(element).decode()
    try:
        return np.dtype(name)
    except TypeError:
        import ml_dtypes

        return np.dtype(getattr(ml_dtypes, name))
