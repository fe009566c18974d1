"""Running artefacts, with ONNX Runtime's signature."""
import ctypes
import os
import typing
import weakref

import numpy as np

from . import _host_ops, _runtime
from .errors import InvalidInput


class Value(typing.NamedTuple):
    """What an entry takes or gives. A length is a number, an expression over symbols, or None where nothing is known."""

    name: str
    shape: list
    type: np.dtype


class _Owned:
    """Memory of a result, freed with the last array that shows it."""

    def __init__(self, buffer, interface):
        self.__array_interface__ = interface
        weakref.finalize(self, _runtime.library().moert_buffer_free, buffer)


class Session:
    """An artefact, ready to run. One run at a time; several sessions may run at once."""

    def __init__(self, path, *, target=None, isa=None, device=None, threads=0, entry=None):
        """Loads the artefact in the folder `path`. `threads`: 0 for OMP_NUM_THREADS, else one for each processor; results do not
        depend on it. Raises InvalidInput or SystemFailure."""
        library = _runtime.library()
        encode = lambda text: None if text is None else text.encode()
        module, session = ctypes.c_void_p(), ctypes.c_void_p()
        options = _runtime.ModuleOptions(encode(target), encode(isa))
        _runtime.check(library.moert_module_load(os.fsencode(path), ctypes.byref(options), ctypes.byref(module)))
        weakref.finalize(self, library.moert_module_free, module)
        session_options = _runtime.SessionOptions(encode(device), threads)
        _runtime.check(library.moert_session_create(module, ctypes.byref(session_options), ctypes.byref(session)))
        weakref.finalize(self, library.moert_session_free, session)
        self._entry = library.moert_module_find_entry(module, entry.encode()) if entry else 0
        if self._entry < 0:
            raise InvalidInput(f"{path}: there is no entry '{entry}'")
        self._session = session
        self._inputs = self._values(module, library.moert_module_num_inputs, library.moert_module_input)
        self._outputs = self._values(module, library.moert_module_num_outputs, library.moert_module_output)

    def _values(self, module, count, get):
        values = []
        for index in range(count(module, self._entry)):
            info = get(module, self._entry, index).contents
            lengths = [info.dims[axis] if info.dims[axis] >= 0 else info.expressions[axis].decode() or None for axis in range(info.rank)]
            values.append((Value(info.name.decode(), lengths, _runtime.dtype(info.type)), info.type))
        return values

    def get_inputs(self):
        """The inputs, in the model's order."""
        return [value for value, _ in self._inputs]

    def get_outputs(self):
        """The outputs, in the model's order."""
        return [value for value, _ in self._outputs]

    def run(self, output_names, feeds):
        """The outputs named in `output_names` (all for None) for the arrays in `feeds`, a dictionary from input names to numpy arrays or
        anything with __dlpack__. Neither inputs nor outputs are copied where inputs are contiguous. Raises InvalidInput for a wrong
        name, type or shape, and where a check inside the model does not hold."""
        known = {value.name for value, _ in self._inputs}
        if unknown := [name for name in feeds if name not in known]:
            raise InvalidInput(f"the model has no input '{unknown[0]}'; it has {', '.join(sorted(known))}")
        arrays = [self._array(value, feeds) for value, _ in self._inputs]
        inputs = (_runtime.Tensor * len(arrays))(*[_describe(array, kind) for array, (_, kind) in zip(arrays, self._inputs)])
        outputs = (_runtime.Tensor * len(self._outputs))()
        _runtime.check(_runtime.library().moert_session_run(self._session, self._entry, inputs, len(inputs), outputs, len(outputs)))
        places = {value.name: index for index, (value, _) in enumerate(self._outputs)}
        if unknown := [name for name in output_names or () if name not in places]:
            raise InvalidInput(f"the model has no output '{unknown[0]}'; it has {', '.join(places)}")
        return [self._result(outputs[places[name]]) for name in (places if output_names is None else output_names)]

    def reset(self):
        """The state that the session keeps (an artefact made with stateful) is what it was before the first run."""
        _runtime.check(_runtime.library().moert_session_reset(self._session))

    @staticmethod
    def register_op(name, function):
        """Makes `function` what runs for nodes of the operator `name`, "domain.Op", in all sessions of this process; None removes it. The
        model is compiled with host_op=name. The function gets the node's inputs as numpy arrays that are only valid, and only read, while
        it runs, and the node's attributes as keyword arguments; it returns an array, or a tuple of them, of the element types that the
        model states. What it raises ends the run with InvalidInput. Raises InvalidInput where the name is taken."""
        _host_ops.register(name, function)

    @staticmethod
    def _array(value, feeds):
        if value.name not in feeds:
            raise InvalidInput(f"input '{value.name}' is not given")
        given = feeds[value.name]
        array = given if isinstance(given, np.ndarray) else np.from_dlpack(given) if hasattr(given, "__dlpack__") else np.asarray(given)
        if array.dtype != value.type:
            raise InvalidInput(f"input '{value.name}' has type {array.dtype}, the model wants {value.type}")
        return np.ascontiguousarray(array) if array.ndim else array

    def _result(self, tensor):
        shape, kind = tuple(tensor.dims[: tensor.rank]), _runtime.dtype(tensor.type)
        if not tensor.data or 0 in shape:
            return np.empty(shape, kind)
        buffer = ctypes.c_void_p()
        _runtime.check(_runtime.library().moert_session_detach(self._session, tensor.data, ctypes.byref(buffer)))
        # Narrow floats have no name in numpy's protocol: they go as bytes and are viewed as what they are.
        interface = {"version": 3, "shape": (*shape, kind.itemsize), "typestr": "|u1", "data": (tensor.data, False)}
        return np.asarray(_Owned(buffer, interface)).view(kind).reshape(shape)


def _describe(array, kind):
    if array.ndim > _runtime.MAX_RANK:
        raise InvalidInput(f"an array of rank {array.ndim} is given; {_runtime.MAX_RANK} is the most")
    dims = (ctypes.c_int64 * _runtime.MAX_RANK)(*array.shape)
    return _runtime.Tensor(array.ctypes.data, array.nbytes, kind, array.ndim, dims)
