"""Where the shared libraries are: the folder MOE_OPT_LIBRARIES, else `lib` in this package (a wheel), else a build of the source tree."""
import ctypes
import os
import pathlib

_HERE = pathlib.Path(__file__).resolve().parent


def _folders():
    if folder := os.environ.get("MOE_OPT_LIBRARIES"):
        return [pathlib.Path(folder)]
    builds = sorted((_HERE.parent.parent / "build").glob("*/lib"), key=lambda folder: folder.stat().st_mtime, reverse=True)
    return [_HERE / "lib", *builds]


def load(name):
    """The library `name`; OSError where no folder has it."""
    for folder in _folders():
        if (file := folder / name).exists():
            return ctypes.CDLL(str(file))
    raise OSError(f"{name} is not in {', '.join(map(str, _folders()))}: build the project, or name its folder in MOE_OPT_LIBRARIES")
