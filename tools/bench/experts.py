"""Expert layers beside ONNX Runtime (and PyTorch, where it is installed): interleaved medians as JSON.

    python tools/bench/experts.py --build build/release --shape 2048,768,32,8 --formats f32,bf16,int8,int4 --tokens 1,8,64,512

Each row says how long a run takes here and with the peers, and which share it is of what this machine can do: of its measured bandwidth for
the weights that have to be read, or of its measured multipliers, whichever bounds the row. Small token counts go through several layers
in turn, at least four times the last-level cache in all, with new routing for each run, for the peers too. `foreign_cpus` is what other
processes used meanwhile: rows with much of it say little.
"""
import argparse
import glob
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy

from layers import Layer
from session import Session

BYTES = {"f32": 4, "bf16": 2, "int8": 1 + 4 / 32, "int4": 0.5 + 4 / 32}


def cache_bytes():
    sizes = [open(path).read().strip() for path in glob.glob("/sys/devices/system/cpu/cpu0/cache/index*/size")]
    return max((int(size[:-1]) * {"K": 1 << 10, "M": 1 << 20}[size[-1]] for size in sizes), default=32 << 20)


def busy_seconds():
    return sum(map(int, open("/proc/stat").readline().split()[1:4])) / os.sysconf("SC_CLK_TCK")


class Ours:
    name = "moe-opt"

    def __init__(self, options, layers, format, folder):
        self.sessions = []
        for layer in layers:
            artefact = f"{layer.path[:-5]}-{format}.moe"
            if not os.path.exists(artefact):
                math = ["--math=bf16"] if format == "bf16" else []
                subprocess.run([f"{options.build}/bin/moe-opt", layer.path, "-o", artefact, *math], check=True)
            self.sessions.append(Session(f"{options.build}/lib/libmoert.so", artefact, options.threads))
        self.artefact = artefact

    def calls(self, index, inputs):
        session = self.sessions[index]
        bound = session.bind(list(inputs))
        return lambda: session.run(bound)


class OnnxRuntime:
    name = "onnxruntime"

    def __init__(self, options, layers, format, folder):
        import onnxruntime

        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = options.threads
        self.sessions = [onnxruntime.InferenceSession(layer.path, settings, providers=["CPUExecutionProvider"]) for layer in layers]

    def calls(self, index, inputs):
        session, feeds = self.sessions[index], {"x": inputs[0], "router": inputs[1]}
        return lambda: session.run(None, feeds)[0]


class Torch:
    """A loop over the experts that have tokens."""

    name = "torch"

    def __init__(self, options, layers, format, folder):
        import torch

        if format not in ("f32", "bf16"):
            raise ImportError("no layer of this format")
        torch.set_num_threads(options.threads)
        self.torch, self.type = torch, {"f32": torch.float32, "bf16": torch.bfloat16}[format]
        self.layers = [(torch.from_numpy(layer.first).to(self.type), torch.from_numpy(layer.second).to(self.type), layer.chosen) for layer in layers]

    def calls(self, index, inputs):
        torch, (first, second, chosen) = self.torch, self.layers[index]
        x, router = torch.from_numpy(inputs[0]).to(self.type), torch.from_numpy(inputs[1])

        @torch.no_grad()
        def run():
            weights, ids = torch.topk(torch.softmax(router, -1), chosen)
            weights, result = weights / weights.sum(-1, keepdim=True), torch.zeros_like(x)
            for expert in torch.unique(ids).tolist():
                token, slot = torch.where(ids == expert)
                hidden = x[token] @ first[expert].T
                gate, up = hidden[:, ::2], hidden[:, 1::2]
                out = (torch.nn.functional.silu(gate) * up) @ second[expert].T
                result.index_add_(0, token, out * weights[token, slot, None].to(self.type))
            return result.float().numpy()

        return run


def routing(kind, generator, tokens, experts):
    """Logits that choose experts evenly, by Zipf's law, or the same ones for all tokens."""
    logits = generator.standard_normal((tokens, experts), dtype=numpy.float32)
    if kind == "zipf":
        logits -= numpy.log(numpy.arange(1, experts + 1, dtype=numpy.float32)) * 2
    elif kind == "same":
        logits = numpy.repeat(logits[:1], tokens, axis=0)
    return logits


def measure(options, runners, layers, tokens):
    generator = numpy.random.default_rng(tokens)
    count = 64 if tokens <= 64 else 8
    inputs = [(generator.standard_normal((tokens, layers[0].hidden), dtype=numpy.float32), routing(options.routing, generator, tokens, layers[0].experts))
              for _ in range(count)]
    calls = [[runner.calls(i % len(layers), inputs[i]) for i in range(count)] for runner in runners]
    reference = numpy.array(calls[-1][0]())
    error = float(numpy.abs(calls[0][0]() - reference).max() / numpy.abs(reference).max())
    times, start, busy, own = [[] for _ in runners], time.perf_counter(), busy_seconds(), time.process_time()
    while time.perf_counter() - start < options.seconds and len(times[0]) < 1000:
        for series, one in zip(times, calls):
            time.sleep(0.01)  # threads of the runner before that still spin go to sleep
            begin = time.perf_counter()
            one[len(series) % count]()
            series.append(time.perf_counter() - begin)
    wall = time.perf_counter() - start
    foreign = (busy_seconds() - busy - (time.process_time() - own)) / wall
    distinct = statistics.mean(layers[0].distinct(logits) for _, logits in inputs)
    return [statistics.median(series) * 1e3 for series in times], error, foreign, distinct


def machine(options, artefact):
    run = subprocess.run([f"{options.build}/bin/moe-run", artefact, "--bench", "--tokens", "1", "--threads", str(options.threads)],
                         check=True, capture_output=True, text=True)
    found = json.loads(run.stdout)
    return dict(found["machine"], read_gb_per_s=found["cases"][0]["read_gb_per_s"])


def row(options, runners, layers, format, tokens):
    milliseconds, error, foreign, distinct = measure(options, runners, layers, tokens)
    limits = machine(options, runners[0].artefact)
    layer = layers[0]
    gflop = 2 * 3 * layer.hidden * layer.inner * layer.chosen * tokens / 1e9
    gigabytes = distinct * 3 * layer.hidden * layer.inner * BYTES[format] / 1e9
    multipliers = limits["bf16_gflops"] if format == "bf16" and limits["bf16_gflops"] else limits["f32_gflops"]
    bounds = {"bandwidth": gigabytes / limits["read_gb_per_s"] * 1e3, "multipliers": gflop / multipliers * 1e3}
    bound = max(bounds, key=bounds.get)
    result = {"format": format, "tokens": tokens, "routing": options.routing, "banks": len(layers), "ms": dict(zip((r.name for r in runners), milliseconds)),
              "bound": bound, "limit_ms": bounds[bound], "share_of_limit": bounds[bound] / milliseconds[0], "gb_per_s": gigabytes / milliseconds[0] * 1e3,
              "gflops": gflop / milliseconds[0] * 1e3, "difference": error, "foreign_cpus": foreign, "machine": limits}
    for runner, ms in list(zip(runners, milliseconds))[1:]:
        result[f"times_{runner.name}"] = ms / milliseconds[0]
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--build", default="build/release", help="the build folder")
    parser.add_argument("--shape", default="2048,768,32,8", help="hidden, inner, experts, experts of a token")
    parser.add_argument("--formats", default="f32,bf16,int8,int4")
    parser.add_argument("--tokens", default="1,8,64,512")
    parser.add_argument("--routing", default="even", choices=["even", "zipf", "same"])
    parser.add_argument("--peers", default="torch,onnxruntime", help="those that are not installed are left out; the last one is what results are compared with")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=4, help="for each row")
    parser.add_argument("--folder", default=os.path.join(tempfile.gettempdir(), "moe-bench"), help="where models are made and kept")
    options = parser.parse_args()
    shape = list(map(int, options.shape.split(",")))
    os.makedirs(options.folder, exist_ok=True)
    known = {"onnxruntime": OnnxRuntime, "torch": Torch}
    rows = []
    for format in options.formats.split(","):
        tokens = list(map(int, options.tokens.split(",")))
        bank = shape[2] * 3 * shape[0] * shape[1] * BYTES[format]
        banks = max(1, min(8, -(-4 * cache_bytes() // int(bank)))) if min(tokens) <= 64 else 1
        layers = [Layer(options.folder, shape, format, number) for number in range(banks)]
        runners = [Ours(options, layers, format, options.folder)]
        for peer in options.peers.split(","):
            try:
                runners.append(known[peer](options, layers, format, options.folder))
            except ImportError as missing:
                print(f"{peer} is left out: {missing}", file=sys.stderr)
        for count in tokens:
            rows.append(row(options, runners, layers, format, count))
            print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    print(json.dumps({"shape": shape, "threads": options.threads, "rows": rows}, indent=1))


if __name__ == "__main__":
    main()
