"""Loads and runs a compiled artefact in this process, through the ABI of runtime/include/moert/abi.h."""

import ctypes as C
import json
import pathlib

import ml_dtypes
import numpy as np

_P, _I32, _I64 = C.c_void_p, C.c_int32, C.c_int64


class _Api(C.Structure):
    pass


class _Call(C.Structure):
    _fields_ = [("api", C.POINTER(_Api)), ("failed", _I32)]


class _Argument(C.Structure):
    _fields_ = [("data", _P), ("dims", C.POINTER(_I64))]


_ALLOCATE = C.CFUNCTYPE(_P, _P, _I64)
_RELEASE = C.CFUNCTYPE(None, _P, _P)
_KERNEL = C.CFUNCTYPE(None, _P, _I64, _I64, _P)
_PARALLEL = C.CFUNCTYPE(None, _P, _P, _P, _I64, _I64)
_PARAM = C.CFUNCTYPE(_P, _P, _I32)
_FAIL = C.CFUNCTYPE(None, _P, C.c_char_p)
_OUTPUT = C.CFUNCTYPE(None, _P, _I32, _P, _I32, C.POINTER(_I64))
_HOST_OP = C.CFUNCTYPE(None, _P, C.c_char_p, C.c_char_p, _I32, _P, _I32, _P)
_ROUTED = C.CFUNCTYPE(None, _P, _P, _I32, _I64, _I64, _I64, _I64)
_Api._fields_ = [
    ("allocate", _ALLOCATE),
    ("release", _RELEASE),
    ("parallel", _PARALLEL),
    ("param", _PARAM),
    ("fail", _FAIL),
    ("output", _OUTPUT),
    ("host_op", _HOST_OP),
    ("routed", _ROUTED),
]

_libc = C.CDLL(None)
_libc.aligned_alloc.restype = _P
_libc.aligned_alloc.argtypes = [C.c_size_t, C.c_size_t]
_libc.free.argtypes = [_P]
C.CDLL("libm.so.6", mode=C.RTLD_GLOBAL)


def dtype(name: str) -> np.dtype:
    """The numpy type of a type name of the manifest."""
    narrow = {
        "bfloat16": ml_dtypes.bfloat16,
        "f8e4m3fn": ml_dtypes.float8_e4m3fn,
        "f8e4m3fnuz": ml_dtypes.float8_e4m3fnuz,
        "f8e5m2": ml_dtypes.float8_e5m2,
        "f8e5m2fnuz": ml_dtypes.float8_e5m2fnuz,
        "f8e8m0fnu": ml_dtypes.float8_e8m0fnu,
        "f4e2m1fn": ml_dtypes.float4_e2m1fn,
        "int4": ml_dtypes.int4,
        "uint4": ml_dtypes.uint4,
        "int2": ml_dtypes.int2,
        "uint2": ml_dtypes.uint2,
    }
    return np.dtype(narrow.get(name, name))


class InvalidArgument(Exception):
    """A check of the compiled code did not hold."""


class Artefact:
    """An artefact on one thread. `isa` is a moert_isa."""

    def __init__(self, path, isa: int = 1):
        path = pathlib.Path(path)
        self.manifest = json.loads((path / "manifest.json").read_text())
        self.entry = self.manifest["entries"][0]
        self.code = C.CDLL(str((path / "code.cpu.so").absolute()))
        self.weights = np.fromfile(path / "weights.safetensors", np.uint8)
        self.code.moe_select_isa(isa)
        self.peak = self.held = 0

    def run(self, feeds: dict) -> dict:
        """Arrays by input name to arrays by output name."""
        outputs, messages, sizes = {}, [], {}

        def allocate(_, size):
            memory = _libc.aligned_alloc(64, (max(size, 1) + 127) // 64 * 64)
            sizes[memory] = size
            self.held += size
            self.peak = max(self.peak, self.held)
            return memory

        def release(_, memory):
            self.held -= sizes.pop(memory)
            _libc.free(memory)

        def parallel(context, kernel, arguments, tasks, _):
            _KERNEL(kernel)(context, 0, tasks, arguments)

        def param(_, index):
            return self.weights.ctypes.data + self.manifest["params"][index]["offset"]

        def fail(_, message):
            messages.append(message.decode())
            call.failed = 1

        def output(_, index, data, rank, dims):
            told = self.entry["outputs"][index]
            shape = [dims[axis] for axis in range(rank)]
            kind = dtype(told["type"])
            size = int(np.prod(shape)) * kind.itemsize
            outputs[told["name"]] = np.frombuffer(C.string_at(data, size), kind).reshape(shape)

        def host_op(_, name, *rest):
            fail(_, b"no host operator " + name)

        api = _Api(_ALLOCATE(allocate), _RELEASE(release), _PARALLEL(parallel), _PARAM(param), _FAIL(fail), _OUTPUT(output),
                   _HOST_OP(host_op), _ROUTED(lambda *_: None))
        call = _Call(C.pointer(api), 0)
        arguments, kept = (_Argument * len(self.entry["inputs"]))(), []
        for place, told in enumerate(self.entry["inputs"]):
            array = np.asarray(feeds[told["name"]])
            if array.dtype != dtype(told["type"]):
                raise InvalidArgument(f"{told['name']}: {array.dtype} instead of {told['type']}")
            array = np.ascontiguousarray(array).reshape(array.shape)
            dims = (_I64 * max(array.ndim, 1))(*array.shape)
            kept += [array, dims]
            arguments[place].data, arguments[place].dims = array.ctypes.data, dims
        getattr(self.code, "moe_entry_" + self.entry["name"])(C.byref(call), arguments)
        for memory in list(sizes):
            release(None, memory)
        if messages:
            raise InvalidArgument(messages[0])
        return outputs
