"""Compile sparse ONNX models and run them.

    import moe_opt
    moe_opt.compile("model.onnx", "model.moe")
    session = moe_opt.Session("model.moe")
    logits, = session.run(["logits"], {"input_ids": ids})

`Session.run` has the signature of `onnxruntime.InferenceSession.run`.
"""
from .compile import compile, compiler_version
from .errors import InvalidInput, MoeError, SystemFailure, UsageError
from .session import Session, Value

__all__ = ["InvalidInput", "MoeError", "Session", "SystemFailure", "UsageError", "Value", "compile", "compiler_version"]
