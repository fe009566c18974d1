"""What can go wrong, as exceptions: one class for each kind of exit code of the tools."""


class MoeError(RuntimeError):
    """The base of all; itself a bug of the compiler or the runtime."""


class UsageError(MoeError, ValueError):
    """An option that does not exist, or has no such value."""


class InvalidInput(MoeError, ValueError):
    """A model, artefact or array that is invalid or not supported; the message names the rule."""


class SystemFailure(MoeError, OSError):
    """Files or memory failed."""


BY_EXIT_CODE = {1: UsageError, 2: InvalidInput, 3: SystemFailure, 70: MoeError}
