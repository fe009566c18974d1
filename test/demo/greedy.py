"""greedy.py MODEL PROMPT COUNT: continues the prompt, a token for each byte, by ONNX Runtime; the likeliest token each time."""

import sys

import numpy as np
import onnxruntime

session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
outputs = [output.name for output in session.get_outputs()]



def length(axis, dim):
    """Of a state before the first token: exporters write numbers also as names of dimensions; a name is the batch, or the past."""
    return int(dim) if str(dim).isdigit() else int(axis == 0)


cache = {i.name: np.zeros([length(*dim) for dim in enumerate(i.shape)], np.float32)
         for i in session.get_inputs() if i.name.startswith("input.")}
tokens, past, text = list(sys.argv[2].encode()), 0, []
for _ in range(int(sys.argv[3])):
    feeds = {"input_ids": np.array([tokens]), "position_ids": past + np.arange(len(tokens))[None], **cache}
    results = dict(zip(outputs, session.run(None, feeds)))
    cache = {name: results["output" + name.removeprefix("input")] for name in cache}
    past += len(tokens)
    tokens = [int(results["logits"][0, -1].argmax())]
    text += tokens
sys.stdout.buffer.write(bytes(text) + b"\n")
