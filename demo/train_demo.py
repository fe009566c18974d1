"""Trains and exports the demo models, byte-level language models on the King James text of Debian's `bible-kjv`: a Qwen3-MoE, and with
`--model hybrid` a Granite hybrid of Mamba-2, attention and experts.

Needs more than the project does, in an environment of its own (about 8 GB):
    apt-get install bible-kjv
    python3 -m venv VENV && VENV/bin/pip install torch==2.15.0 transformers==5.23.0 onnx==1.23.2 onnxscript==0.7.2
    OMP_NUM_THREADS=2 VENV/bin/python demo/train_demo.py train       # writes WORK/model.pt, continues from it when started again
    VENV/bin/python demo/train_demo.py export                        # WORK/model.pt -> demo/model/ (demo/hybrid/)
    VENV/bin/python demo/train_demo.py heldout                       # demo/heldout.txt.xz: the text that training never sees

The same seed gives the same model on the same machine and number of threads.
"""

import argparse
import lzma
import math
import os
import pathlib
import subprocess
import time

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
import transformers
from torch.nn import functional as F

HERE = pathlib.Path(__file__).parent
TOKENS_PER_STEP = 8192
DECAY = 0.2             # share of the steps, the last ones, in which the learning rate falls
SHORT, LONG = 256, 512  # lengths of the windows before and while it falls; the longer also for evaluation


BYTES = dict(vocab_size=256, tie_word_embeddings=True, max_position_embeddings=4096, bos_token_id=None, eos_token_id=None, pad_token_id=None)


def moe():
    return transformers.Qwen3MoeForCausalLM(transformers.Qwen3MoeConfig(
        **BYTES, hidden_size=192, num_hidden_layers=4, num_attention_heads=6, num_key_value_heads=2, head_dim=32,
        num_experts=8, num_experts_per_tok=2, moe_intermediate_size=160, intermediate_size=160, norm_topk_prob=True))


def hybrid():
    return transformers.GraniteMoeHybridForCausalLM(transformers.GraniteMoeHybridConfig(
        **BYTES, hidden_size=128, layer_types=["mamba", "mamba", "attention", "mamba"], num_hidden_layers=4,
        num_attention_heads=4, num_key_value_heads=2, attention_multiplier=32**-0.5, position_embedding_type="rope",
        mamba_n_heads=8, mamba_d_head=32, mamba_n_groups=1, mamba_d_state=32, mamba_chunk_size=64,
        num_local_experts=8, num_experts_per_tok=2, intermediate_size=96, shared_intermediate_size=128))


MODELS = {"moe": moe, "hybrid": hybrid}


# ------------------------------------------------------------------------------------------------------------- text


def text():
    """(training, held out): one verse a line, an empty line after each chapter; every 18th chapter is held out."""
    chapters = {}
    for line in subprocess.run(["bible", "-f", "gen1:1-rev22:21"], capture_output=True, text=True, check=True).stdout.splitlines():
        reference, verse = line.split(" ", 1)  # "Ge1:1 In the beginning ..."
        chapters.setdefault(reference.split(":")[0], []).append(verse.strip())
    parts = ([], [])
    for number, verses in enumerate(chapters.values()):
        parts[number % 18 == 9].append("\n".join(verses) + "\n")
    return ["\n".join(part).encode() for part in parts]


def windows(data, starts, length):
    """Bytes and those that follow them."""
    rows = torch.stack([data[s : s + length + 1] for s in starts.tolist()]).long()
    return rows[:, :-1], rows[:, 1:]


# --------------------------------------------------------------------------------------------------------- training


class Muon(torch.optim.Optimizer):
    """Momentum whose steps are made orthogonal (Newton-Schulz), for matrices and for banks of them."""

    def __init__(self, params, lr, momentum=0.95, weight_decay=0.0):
        super().__init__(params, dict(lr=lr, momentum=momentum, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                average = self.state[p].setdefault("average", torch.zeros_like(p))
                average.lerp_(p.grad, 1 - group["momentum"])
                x = p.grad.lerp(average, group["momentum"]).bfloat16()
                wide = x.size(-2) <= x.size(-1)
                x = x if wide else x.mT
                x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
                for _ in range(5):
                    square = x @ x.mT
                    x = 3.4445 * x + (-4.7750 * square + 2.0315 * square @ square) @ x
                x = x if wide else x.mT
                scale = 0.2 * max(p.size(-2), p.size(-1)) ** 0.5  # steps of the same size as AdamW's
                p.mul_(1 - group["lr"] * group["weight_decay"]).add_(x.to(p.dtype), alpha=-group["lr"] * scale)


def balance(router_logits, topk):
    """1 where every expert of a layer gets the same share, up to experts / topk; the mean of the layers."""
    losses = []
    for logits in router_logits:
        scores = logits.float().softmax(-1)
        chosen = F.one_hot(scores.topk(topk, -1).indices, scores.size(-1)).sum(1).float()
        losses.append(scores.size(-1) / topk * (chosen.mean(0) * scores.mean(0)).sum())
    return torch.stack(losses).mean()


@torch.no_grad()
def evaluate(model, data, limit=None):
    """Nats per byte; each window starts without a past."""
    starts = torch.arange(0, len(data) - LONG - 1, LONG)[:limit]
    total = 0.0
    for some in starts.split(16):
        x, y = windows(data, some, LONG)
        total += F.cross_entropy(model(input_ids=x, use_cache=False).logits.flatten(0, 1), y.flatten(), reduction="sum").item()
    return total / (len(starts) * LONG)


def rate(step, steps, warmup=100):
    """Share of the full learning rate: up, level, down to nothing."""
    return min(1, (step + 1) / warmup, (steps - step) / (DECAY * steps))


def train(make, work, steps):
    torch.manual_seed(1)
    training, heldout = (torch.frombuffer(bytearray(part), dtype=torch.uint8) for part in text())
    model = make().train()
    topk = model.config.num_experts_per_tok
    by_adam = ("embed", "gate.weight", "router", "conv1d")
    matrices = [p for name, p in model.named_parameters() if p.dim() >= 2 and not any(part in name for part in by_adam)]
    others = [p for p in model.parameters() if not any(p is m for m in matrices)]
    optimizers = [Muon(matrices, lr=6e-3, weight_decay=0.01), torch.optim.AdamW(others, lr=4e-3, betas=(0.9, 0.95), weight_decay=0.01)]
    base = [o.param_groups[0]["lr"] for o in optimizers]
    print(f"{sum(p.numel() for p in model.parameters())} parameters, {len(training)} bytes to train on, {len(heldout)} held out", flush=True)
    first, checkpoint = 0, work / "training.pt"
    if checkpoint.exists():
        first, weights, states = torch.load(checkpoint)
        model.load_state_dict(weights)
        for optimizer, state in zip(optimizers, states):
            optimizer.load_state_dict(state)
    began = time.time()
    for step in range(first, steps):
        generator = torch.Generator().manual_seed(step)
        length = SHORT if step < (1 - DECAY) * steps else LONG
        x, y = windows(training, torch.randint(len(training) - length - 1, (TOKENS_PER_STEP // length,), generator=generator), length)
        with torch.autocast("cpu", torch.bfloat16):
            out = model(input_ids=x, use_cache=False, output_router_logits=True)
        loss, uneven = F.cross_entropy(out.logits.float().flatten(0, 1), y.flatten()), balance(out.router_logits, topk)
        (loss + 0.01 * uneven).backward()
        torch.nn.utils.clip_grad_norm_(others, 1.0)
        for optimizer, lr in zip(optimizers, base):
            optimizer.param_groups[0]["lr"] = lr * rate(step, steps)
            optimizer.step()
        model.zero_grad()
        if step % 20 == 0:
            print(f"step {step} of {steps}: loss {loss.item():.3f}, balance {uneven.item():.3f}, {time.time() - began:.0f} s", flush=True)
        last = step + 1 == steps
        if step % 100 == 99 or last:
            model.eval()
            print(f"step {step}: held out {evaluate(model, heldout, None if last else 64):.4f} nats per byte", flush=True)
            model.train()
            torch.save((step + 1, model.state_dict(), [o.state_dict() for o in optimizers]), checkpoint)
    torch.save(model.state_dict(), work / "model.pt")


# ----------------------------------------------------------------------------------------------------------- export


def export(make, work, out):
    """The decode graph of transformers' own exporter: any batch, length and past; experts sorted and unrolled."""
    from transformers.exporters.exporter_onnx import OnnxConfig, OnnxExporter
    from transformers.exporters.utils import decompose_for_generation

    model = make().eval()
    model.load_state_dict(torch.load(work / "model.pt"))
    tokens = torch.arange(18).reshape(2, 9)
    sample = dict(input_ids=tokens, attention_mask=torch.ones_like(tokens))
    part, inputs = decompose_for_generation(model, sample, multi_token_decode=True)["decode"]
    # The exporter's own sample is two tokens, one chunk of a scan, and would fix that number: take more than two chunks.
    more = torch.arange(150)
    inputs.update(input_ids=more.expand(2, -1).contiguous(), position_ids=inputs["position_ids"][:, :1] + more)
    with torch.no_grad():
        program = OnnxExporter().export(part, inputs, OnnxConfig(dynamic=True))
    out.mkdir(parents=True, exist_ok=True)
    program.save_pretrained(out)
    strip_metadata(out / "model.onnx")


def strip_metadata(path):
    """Drops what the exporter says about each node's origin in the source: most of the graph's bytes, and nothing that runs."""
    import onnx

    model = onnx.load(path, load_external_data=False)
    for item in [model.graph, *model.graph.node, *model.graph.value_info, *model.graph.input, *model.graph.output, *model.functions]:
        item.ClearField("metadata_props")
    path.write_bytes(model.SerializeToString(deterministic=True))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["train", "export", "heldout"])
    parser.add_argument("--model", choices=MODELS, default="moe")
    parser.add_argument("--work", type=pathlib.Path, help="folder of checkpoints (default: demo-MODEL)")
    parser.add_argument("--out", type=pathlib.Path, help="default: demo/model, demo/hybrid")
    parser.add_argument("--steps", type=int, default=500)
    args = parser.parse_args()
    make, work = MODELS[args.model], args.work or pathlib.Path("demo-" + args.model)
    work.mkdir(parents=True, exist_ok=True)
    if args.what == "train":
        train(make, work, args.steps)
    elif args.what == "export":
        export(make, work, args.out or HERE / ("model" if args.model == "moe" else args.model))
    else:
        (HERE / "heldout.txt.xz").write_bytes(lzma.compress(text()[1], preset=9 | lzma.PRESET_EXTREME))


if __name__ == "__main__":
    main()
