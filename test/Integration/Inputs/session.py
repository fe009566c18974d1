"""A session of an artefact through the C API of the runtime (moert.h)."""

import ctypes as C
import os

import numpy as np

_TYPES = {0: np.bool_, 3: np.int32, 4: np.int64, 11: np.float32}  # moert_type
_RANK = 16


class _Tensor(C.Structure):
    _fields_ = [("data", C.c_void_p), ("bytes", C.c_int64), ("type", C.c_int), ("rank", C.c_int32), ("dims", C.c_int64 * _RANK)]


class _Info(C.Structure):
    _fields_ = [("name", C.c_char_p), ("type", C.c_int), ("rank", C.c_int32)]


_lib = C.CDLL(os.path.join(os.environ["MOE_LIB_DIR"], "libmoert.so"))
for _name in ("moert_module_input", "moert_module_output"):
    getattr(_lib, _name).restype = C.POINTER(_Info)
_lib.moert_status_message.restype = C.c_char_p
for _name in ("moert_module_load", "moert_session_create", "moert_session_run", "moert_session_reset"):
    getattr(_lib, _name).restype = C.c_void_p


class Session:
    """Runs the first entry. What the session keeps stays from run to run until reset()."""

    def __init__(self, path):
        self.module, self.session = C.c_void_p(), C.c_void_p()
        self._check(_lib.moert_module_load(str(path).encode(), None, C.byref(self.module)))
        self._check(_lib.moert_session_create(self.module, None, C.byref(self.session)))
        self.inputs = self._infos("input")
        self.outputs = self._infos("output")
        self.states = _lib.moert_module_num_states(self.module)

    def run(self, feeds):
        kept = [np.ascontiguousarray(feeds[name], _TYPES[kind]) for name, kind in self.inputs]
        tensors = (_Tensor * len(kept))()
        for tensor, array, (_, kind) in zip(tensors, kept, self.inputs):
            tensor.data, tensor.bytes, tensor.type, tensor.rank = array.ctypes.data, array.nbytes, kind, array.ndim
            tensor.dims[: array.ndim] = array.shape
        results = (_Tensor * len(self.outputs))()
        self._check(_lib.moert_session_run(self.session, 0, tensors, len(kept), results, len(self.outputs)))
        return [self._array(result) for result in results]

    def reset(self):
        self._check(_lib.moert_session_reset(self.session))

    def _infos(self, kind):
        count = getattr(_lib, f"moert_module_num_{kind}s")(self.module, 0)
        infos = [getattr(_lib, f"moert_module_{kind}")(self.module, 0, i).contents for i in range(count)]
        return [(info.name.decode(), info.type) for info in infos]

    @staticmethod
    def _array(tensor):
        data = C.string_at(tensor.data, tensor.bytes)
        return np.frombuffer(data, _TYPES[tensor.type]).reshape(tensor.dims[: tensor.rank])

    @staticmethod
    def _check(status):
        if status:
            raise RuntimeError(_lib.moert_status_message(C.c_void_p(status)).decode())
