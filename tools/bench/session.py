"""Runs an artefact through the runtime's C library, without copies."""
import ctypes

import numpy


class _Tensor(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("bytes", ctypes.c_int64), ("type", ctypes.c_int), ("rank", ctypes.c_int32), ("dims", ctypes.c_int64 * 16)]


class _SessionOptions(ctypes.Structure):
    _fields_ = [("device", ctypes.c_char_p), ("threads", ctypes.c_int32)]


class Session:
    def __init__(self, library, path, threads):
        self._library = ctypes.CDLL(library)
        for function in ("moert_module_load", "moert_session_create", "moert_session_run"):
            getattr(self._library, function).restype = ctypes.c_void_p
        for function in ("moert_status_message", "moert_type_name"):
            getattr(self._library, function).restype = ctypes.c_char_p
        module, self._session = ctypes.c_void_p(), ctypes.c_void_p()
        self._check(self._library.moert_module_load(path.encode(), None, ctypes.byref(module)))
        options = _SessionOptions(None, threads)
        self._check(self._library.moert_session_create(module, ctypes.byref(options), ctypes.byref(self._session)))
        self._names = {code: name.decode() for code in range(32) if (name := self._library.moert_type_name(code))}
        self._codes = {name: code for code, name in self._names.items()}

    def bind(self, arrays):
        """Arguments for `run`; they keep the arrays alive."""
        tensors = (_Tensor * len(arrays))()
        for tensor, array in zip(tensors, arrays):
            dims = (ctypes.c_int64 * 16)(*array.shape)
            tensor.data, tensor.bytes, tensor.type, tensor.rank, tensor.dims = array.ctypes.data, array.nbytes, self._codes[array.dtype.name], array.ndim, dims
        return tensors, arrays

    def run(self, bound):
        """The first result; valid until the next run."""
        result = (_Tensor * 1)()
        self._check(self._library.moert_session_run(self._session, 0, bound[0], len(bound[0]), result, 1))
        memory = (ctypes.c_char * result[0].bytes).from_address(result[0].data)
        return numpy.frombuffer(memory, self._names[result[0].type]).reshape(result[0].dims[: result[0].rank])

    def _check(self, status):
        if status:
            raise RuntimeError(self._library.moert_status_message(ctypes.c_void_p(status)).decode())
