"""Operators that Python functions compute."""
import ctypes
import json

import numpy as np

from . import _runtime

_registered = {}  # name -> the C callback, which has to outlive its registration


def register(name, function):
    callback = None if function is None else _runtime.HostOp(_adapter(function))
    _runtime.check(_runtime.library().moert_register_op(name.encode(), callback or _runtime.HostOp(), None))
    if callback:
        _registered[name] = callback
    else:
        _registered.pop(name, None)


def _adapter(function):
    def run(_, call, attributes, inputs, num_inputs, num_outputs):
        try:
            results = function(*[_view(inputs[index]) for index in range(num_inputs)], **json.loads(attributes))
            results = results if isinstance(results, (tuple, list)) else (results,)
            if len(results) != num_outputs:
                raise ValueError(f"{len(results)} results, the node has {num_outputs}")
            for index, result in enumerate(results):
                _give(call, index, np.asarray(result))
        except Exception as error:  # must not leave through C
            _runtime.library().moert_op_fail(call, f"{type(error).__name__}: {error}".encode())

    return run


def _view(tensor):
    shape, kind = tuple(tensor.dims[: tensor.rank]), _runtime.dtype(tensor.type)
    size = int(np.prod(shape)) * kind.itemsize
    memory = np.frombuffer((ctypes.c_uint8 * size).from_address(tensor.data), np.uint8) if size else np.empty(0, np.uint8)
    array = memory.view(kind).reshape(shape)
    array.flags.writeable = False
    return array


def _give(call, index, array):
    library = _runtime.library()
    wanted = _runtime.dtype(library.moert_op_output_type(call, index))
    if array.dtype != wanted:
        raise TypeError(f"result {index} has type {array.dtype}, the model wants {wanted}")
    dims = (ctypes.c_int64 * max(array.ndim, 1))(*array.shape)
    if memory := library.moert_op_output(call, index, dims, array.ndim):
        ctypes.memmove(memory, np.ascontiguousarray(array).ctypes.data, array.nbytes)
