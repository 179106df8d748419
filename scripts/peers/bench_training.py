#!/usr/bin/env python3
"""Times training steps of ours against PyTorch's: same architecture, batch, data and optimiser.

    python3 scripts/peers/bench_training.py --dt-train target/debug/dt-train --out training.json

Ours (`dt-train bench`) and PyTorch run in turn, each in a process of its own; ratios are those of
neighbouring runs. PyTorch's model is written as one would write it for speed: observations enter by
`embedding_bag`, queries, keys and values by one matrix product each, attention is
`scaled_dot_product_attention`, the update a fused AdamW, windows are gathered by numpy before they
are needed. It computes all tokens, of windows filled to the context's length. In the rows
named "lean", PyTorch too leaves out what ours does: the last block's tokens that nothing reads,
filling beyond a micro-batch's longest window, and windows that the batch holds already.

"as in 2023" is the loop of the original study, rebuilt in scripts/peers/loop_2023.py: windows made one
by one in Python, frames turned one-hot cell by cell, TransformerLens.

Needs torch, numpy and pyarrow; scripts/bench.sh sets them up. scripts/gpu-check.sh uses the
same model on a GPU, eagerly, compiled and from a CUDA graph.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

VIEW = 7
CELLS = VIEW * VIEW
LOOP_2023 = Path(__file__).with_name("loop_2023.py")


def read_dataset(folder):
    """Columns of a dataset's steps, as numpy arrays; observations as [steps, 147] vocabulary items."""
    import numpy as np
    import pyarrow as pa

    steps = pa.ipc.open_file(folder / "steps.arrow").read_all()
    episodes = pa.ipc.open_file(folder / "episodes.arrow").read_all()
    # The last row of an episode has no action.
    acted = steps["action"].is_valid().to_numpy()
    tiles = steps["observation"].combine_chunks().flatten().to_numpy().reshape(-1, CELLS, 3)[acted]
    items = (tiles.astype(np.int64) + np.array([0, 11, 17])) * CELLS + np.arange(CELLS)[None, :, None]
    of = steps["episode"].to_numpy()[acted]
    return {
        "items": items.reshape(len(tiles), -1).astype(np.int32),
        "actions": steps["action"].drop_null().to_numpy().astype(np.int64),
        # The reward comes with the last step: the return is still to go at every step.
        "returns": episodes["return"].to_numpy()[of].astype(np.float32),
        "episodes": of,
    }


class Windows:
    """Windows that end with their episode, filled at the end to the context's length."""

    def __init__(self, data, timesteps, seed=0):
        import numpy as np

        self.data, self.timesteps, self.rng = data, timesteps, np.random.default_rng(seed)
        change = np.flatnonzero(np.diff(data["episodes"])) + 1
        self.starts = np.concatenate([[0], change])
        self.lengths = np.diff(np.concatenate([self.starts, [len(data["episodes"])]]))
        # Windows that agree in all that the model reads have the same number.
        known = {}
        self.same = np.empty(len(self.starts), np.int64)
        for episode, (start, length) in enumerate(zip(self.starts, self.lengths)):
            first = start + max(0, length - timesteps)
            rows = slice(first, start + length)
            parts = [data[name][rows].tobytes() for name in ("items", "returns", "actions")]
            self.same[episode] = known.setdefault((first - start, *parts), episode)

    def draw(self, count, once=False):
        """Windows, on request without those that repeat, and how often the batch holds each."""
        import numpy as np

        episode = self.rng.integers(0, len(self.starts), count)
        counts = np.ones(count, np.int64)
        if once:
            episode, counts = np.unique(self.same[episode], return_counts=True)
        length = np.minimum(self.lengths[episode], self.timesteps)
        time = self.lengths[episode] - length
        first = self.starts[episode] + time
        offset = np.arange(self.timesteps)
        there = offset < length[:, None]
        rows = np.where(there, first[:, None] + offset, 0)
        data = self.data
        return {
            "counts": np.where(there, counts[:, None], 0),
            "items": data["items"][rows],
            "there": there,
            "returns": np.where(there, data["returns"][rows], 0).astype(np.float32),
            "actions": np.where(there, data["actions"][rows], 7),
            "times": np.where(there, time[:, None] + offset, 0),
        }


def manual_attention(q, k, v, attn_mask=None, is_causal=False):
    """Attention from elementary operations."""
    import torch

    if is_causal:
        attn_mask = torch.ones(q.shape[-2], k.shape[-2], dtype=torch.bool, device=q.device).tril()
    scores = q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5
    return scores.masked_fill(~attn_mask, float("-inf")).softmax(-1) @ v


def make_model(config, max_steps, n_actions, manual=False):
    import torch
    import torch.nn.functional as F
    from torch import nn

    attend = manual_attention if manual else F.scaled_dot_product_attention
    d, heads, width = config["d_model"], config["n_heads"], config["d_mlp"]

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.ln1, self.ln2 = nn.LayerNorm(d), nn.LayerNorm(d)
            self.q, self.kv, self.out = nn.Linear(d, d), nn.Linear(d, 2 * d), nn.Linear(d, d)
            self.w_in, self.w_out = nn.Linear(d, width), nn.Linear(width, d)
            self.gate = nn.Linear(d, width, bias=False) if config["gated_mlp"] else None
            self.act = {"Relu": F.relu, "Gelu": F.gelu, "Silu": F.silu}[config["activation"]]

        def forward(self, x, states_only=False):
            batch, seq, _ = x.shape
            h = self.ln1(x)
            asking = h[:, 1::3] if states_only else h
            split = lambda y: y.view(batch, -1, heads, d // heads).transpose(1, 2)  # noqa: E731
            q = split(self.q(asking))
            k, v = (split(y) for y in self.kv(h).chunk(2, -1))
            if states_only:
                seen = torch.arange(seq, device=x.device) <= torch.arange(1, seq, 3, device=x.device)[:, None]
                z = attend(q, k, v, attn_mask=seen)
                x = x[:, 1::3]
            else:
                z = attend(q, k, v, is_causal=True)
            x = x + self.out(z.transpose(1, 2).reshape(batch, -1, d))
            h = self.ln2(x)
            if self.gate is None:
                return x + self.w_out(self.act(self.w_in(h)))
            return x + self.w_out(self.act(self.gate(h)) * self.w_in(h))

    class DecisionTransformer(nn.Module):
        def __init__(self, lean):
            super().__init__()
            self.lean = lean
            self.items = nn.EmbeddingBag(20 * CELLS, d, mode="sum", include_last_offset=True)
            self.actions, self.times = nn.Embedding(n_actions + 1, d), nn.Embedding(max_steps + 1, d)
            self.returns = nn.Linear(1, d, bias=False)
            self.places = nn.Parameter(torch.zeros(config["n_ctx"], d))
            self.blocks = nn.ModuleList(Block() for _ in range(config["n_layers"]))
            self.norm, self.head = nn.LayerNorm(d), nn.Linear(d, n_actions)

        def forward(self, frames, returns, actions, times):
            batch, steps = returns.shape
            states = self.items(*frames).view(batch, steps, d)
            tokens = torch.stack([self.returns(returns[..., None]), states, self.actions(actions)], 2)
            tokens = (tokens + self.times(times)[:, :, None]).view(batch, 3 * steps, d)[:, : 3 * steps - 1]
            x = tokens + self.places[: 3 * steps - 1]
            for n, block in enumerate(self.blocks):
                x = block(x, states_only=self.lean and n == len(self.blocks) - 1)
            return self.head(self.norm(x if self.lean else x[:, 1::3]))

    return DecisionTransformer


def to_tensors(windows, device):
    """A batch as the model reads it; frames that are filling have no items."""
    import numpy as np
    import torch

    there = windows["there"]
    counts = np.where(there, windows["items"].shape[-1], 0).ravel()
    put = lambda a: torch.from_numpy(np.ascontiguousarray(a)).to(device, non_blocking=True)  # noqa: E731
    return {
        "items": put(windows["items"][there].ravel()),
        "offsets": put(np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)),
        "returns": put(windows["returns"]),
        "actions": put(windows["actions"]),
        "times": put(windows["times"]),
        "targets": put(np.where(there, windows["actions"], -100)),
        "counts": put(windows["counts"]),
    }


def synthetic(batch, timesteps, device):
    """A batch of full windows, made on the device: nothing of PyTorch's time goes into data."""
    import torch

    frames = batch * timesteps
    draw = lambda high, *shape: torch.randint(high, shape, device=device)  # noqa: E731
    return {
        "items": draw(20 * CELLS, frames * 3 * CELLS).int(),
        "offsets": torch.arange(frames + 1, device=device, dtype=torch.int32) * 3 * CELLS,
        "returns": torch.rand(batch, timesteps, device=device),
        "actions": draw(7, batch, timesteps),
        "times": draw(40, batch, timesteps),
        "targets": draw(7, batch, timesteps),
    }


def peer(args):
    """Milliseconds a step of PyTorch, as JSON."""
    import numpy as np
    import torch
    import torch.nn.functional as F

    torch.set_num_threads(args.threads)
    config = json.loads(args.config)
    timesteps = (config["model"]["n_ctx"] + 1) // 3
    batch_size = config["training"]["batch_size"]
    device = torch.device(args.device)
    torch.manual_seed(0)
    manual = args.mode == "manual"
    model = make_model(config["model"], 1000, 7, manual)(args.lean).to(device)
    graph = args.mode == "graph"
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=1e-3, weight_decay=0.01, fused=True, capturable=graph
    )
    run = torch.compile(model) if args.mode == "compile" else model

    def step(batches):
        optimizer.zero_grad(set_to_none=True)
        total = sum(b["counts"].sum() for b in batches) if args.lean else None
        for b in batches:
            logits = run((b["items"], b["offsets"]), b["returns"], b["actions"], b["times"])
            how = "none" if args.lean else "mean"
            loss = F.cross_entropy(
                logits.flatten(0, 1), b["targets"].flatten(), ignore_index=-100, reduction=how
            )
            if args.lean:  # windows that repeat are computed once
                loss = (loss * b["counts"].flatten()).sum() / total
            loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    if args.data:
        windows = Windows(read_dataset(Path(args.data)), timesteps)

    def drawn():
        if not args.data:
            return [synthetic(batch_size, timesteps, device)]
        w = windows.draw(batch_size, args.lean)
        if not args.lean:
            return [to_tensors(w, device)]
        # As ours: windows of like length share one of four micro-batches.
        order = w["there"].sum(1).argsort(kind="stable")
        parts = []
        for chunk in np.array_split(order, 4):
            longest = int(w["there"][chunk].sum(1).max())
            parts.append(to_tensors({k: v[chunk, :longest] for k, v in w.items()}, device))
        return parts

    gpu = device.type == "cuda"
    sync = torch.cuda.synchronize if gpu else lambda: None
    for _ in range(max(5, args.steps // 5)):
        step(drawn())
    replay = None
    if graph:
        # One captured step on one batch's memory, as the fastest that PyTorch can do.
        batch = drawn()
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(3):
                step(batch)
        torch.cuda.current_stream().wait_stream(stream)
        captured = torch.cuda.CUDAGraph()
        with torch.cuda.graph(captured):
            step(batch)
        replay = captured.replay
    sync()
    # A GPU is timed ten steps at a time, so that the host may run ahead of it.
    together = 10 if gpu else 1
    times = []
    for _ in range(-(-args.steps // together)):
        start = time.perf_counter()
        for _ in range(together):
            replay() if replay else step(drawn())
        sync()
        times.append((time.perf_counter() - start) / together)
    import resource

    print(
        json.dumps(
            {
                "milliseconds": 1e3 * statistics.median(times),
                "windows_per_second": batch_size / statistics.median(times),
                "parameters": sum(p.numel() for p in model.parameters()),
                "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                "torch": torch.__version__,
            }
        )
    )


def run_json(command, env=None):
    """What a command prints as JSON, with its peak memory in MB."""
    output = subprocess.run(command, capture_output=True, text=True, env=env)
    if output.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}\n{output.stderr[-2000:]}")
    return json.loads(output.stdout[output.stdout.index("{") :])


def spread(values):
    ordered = sorted(values)
    return {"median": statistics.median(ordered), "min": ordered[0], "max": ordered[-1]}


def compare(args):
    """Ours and each kind of PyTorch in turn; every row has times and ratios."""
    rows = []
    for agent in args.agents:
        for batch in args.batches:
            ours_command = [args.dt_train, "bench", agent, "--steps", str(args.steps), "--json"]
            ours_command += ["--device", args.ours, "--threads", str(args.threads)]
            ours_command += ["--datasets", args.datasets] + (["--batch-size", str(batch)] if batch else [])
            shown = run_json(ours_command)
            peers = {"eager": [], "eager, lean": ["--lean"], "as in 2023": []}
            if args.compile:
                peers["compiled"] = ["--mode", "compile"]
            data = shown["dataset"]
            config = json.dumps(shown["definition"])
            times = {"ours": []} | {name: [] for name in peers}
            ratios = {name: [] for name in peers}
            memory = {}
            for _ in range(args.repeats):
                for name, more in peers.items():
                    mine = run_json(ours_command)
                    command = [sys.executable, __file__, "--peer", "--config", config, "--data", data]
                    command += ["--threads", str(args.threads), "--steps", str(args.steps)]
                    threads = os.environ | {"OMP_NUM_THREADS": str(args.threads)}
                    command += ["--device", args.device] + more
                    if name == "as in 2023":
                        command = [sys.executable, LOOP_2023, config, data]
                        command += [str(args.steps), str(args.threads)]
                    theirs = run_json(command, threads)
                    times["ours"].append(mine["milliseconds"])
                    times[name].append(theirs["milliseconds"])
                    ratios[name].append(theirs["milliseconds"] / mine["milliseconds"])
                    memory[name] = theirs["peak_rss_mb"]
                    memory["ours"] = mine.get("peak_rss_mb")
            rows.append(
                {
                    "agent": shown["agent"],
                    "ours": args.ours,
                    "batch_size": shown["batch_size"],
                    "threads": args.threads,
                    "parameters": {"ours": shown["parameters"], "pytorch": theirs["parameters"]},
                    "milliseconds": {name: spread(values) for name, values in times.items()},
                    "ratio": {name: spread(values) for name, values in ratios.items()},
                    "peak_rss_mb": memory,
                    "torch": theirs["torch"],
                }
            )
            for name in peers:
                r = rows[-1]["ratio"][name]
                print(
                    f"{shown['agent']}, batch {shown['batch_size']}, {args.ours}: "
                    f"{rows[-1]['milliseconds']['ours']['median']:.1f} ms; PyTorch {name} "
                    f"{rows[-1]['milliseconds'][name]['median']:.1f} ms; ratio {r['median']:.2f} "
                    f"({r['min']:.2f} to {r['max']:.2f})",
                    file=sys.stderr,
                )
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--peer", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--config", help=argparse.SUPPRESS)
    parser.add_argument("--data", help=argparse.SUPPRESS)  # without: made on the device
    parser.add_argument("--mode", default="eager", help=argparse.SUPPRESS)
    parser.add_argument("--lean", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--dt-train", default="target/debug/dt-train")
    parser.add_argument("--ours", default="cpu", help="our device: cpu or libtorch")
    parser.add_argument("--device", default="cpu", help=argparse.SUPPRESS)
    parser.add_argument("--agents", nargs="+", default=["agents/memory-dt.ron"])
    parser.add_argument("--batches", nargs="+", type=int, default=[0], help="0: the definition's")
    parser.add_argument("--datasets", default="runs/datasets")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--compile", action="store_true", help="time torch.compile as well")
    parser.add_argument("--out", help="JSON file to write")
    args = parser.parse_args()
    if args.peer:
        peer(args)
        return
    rows = compare(args)
    text = json.dumps(rows, indent=1)
    if args.out:
        Path(args.out).write_text(text + "\n")
    else:
        print(text)


if __name__ == "__main__":
    main()
