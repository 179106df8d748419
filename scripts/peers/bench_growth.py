#!/usr/bin/env python3
"""How the cost of a training step grows with batch, context and width, that of a world's step with
the number of worlds, and how far a step is from what the machine can do.

    python3 scripts/peers/bench_growth.py --dt-train target/debug/dt-train --dt-env target/debug/dt-env \\
        --device cpu --device libtorch --out growth.json

The floor of a step is its multiplications over those of a large matrix product, and its parameters'
and moments' bytes over those of a large copy, both measured here with PyTorch on all cores.
"""

import argparse
import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

BASE = {"batch": 64, "context": 26, "width": 128}
GROWTH = {"batch": [16, 64, 256, 1024], "context": [8, 14, 26], "width": [64, 128, 256]}
WORLDS = [1, 16, 256, 4096, 65536]


def run_json(command):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{command}\n{done.stderr[-2000:]}")
    return json.loads(done.stdout[done.stdout.index("{") :])


def definition(text, context, width):
    """The default agent with another context and width."""
    for old, new in (("d_model: 128", f"d_model: {width}"), ("d_mlp: 256", f"d_mlp: {2 * width}")):
        assert old in text, old
        text = text.replace(old, new)
    return text.replace("n_ctx: 26", f"n_ctx: {context}")


def multiplications(config, tokens, steps):
    """Multiply-adds of a step, forward and backward: matrix products and attention, nothing else;
    of the last block only what state tokens need."""
    d, width, layers = config["d_model"], config["d_mlp"], config["n_layers"]
    mlp = (3 if config["gated_mlp"] else 2) * d * width
    per_token = (layers - 1) * (4 * d * d + mlp) + 2 * d * d
    per_state = 2 * d * d + mlp + 7 * d
    context = config["n_ctx"]
    attention = (layers - 1) * tokens * context * d + steps * context * d
    # Causal: half of the scores are never needed; two products each, and twice as much backward.
    return 3 * (tokens * per_token + steps * per_state + attention)


def floor():
    """Multiply-adds and bytes a second of a large product and a large copy, on all cores."""
    import torch

    a, b = torch.randn(2048, 2048), torch.randn(2048, 2048)
    source, to = torch.randn(1 << 26), torch.empty(1 << 26)

    def seconds(call):
        call()
        times = []
        for _ in range(7):
            start = time.perf_counter()
            call()
            times.append(time.perf_counter() - start)
        return statistics.median(times)

    return {
        "multiply_adds_per_second": 2048**3 / seconds(lambda: a @ b),
        "copied_bytes_per_second": 2 * 4 * (1 << 26) / seconds(lambda: to.copy_(source)),
        "threads": torch.get_num_threads(),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--dt-train", default="target/debug/dt-train")
    parser.add_argument("--dt-env", default="target/debug/dt-env")
    parser.add_argument("--agent", default="agents/memory-dt.ron")
    parser.add_argument("--device", action="append", default=None)
    parser.add_argument("--datasets", default="runs/datasets")
    parser.add_argument("--steps", type=int, default=15)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    text = Path(args.agent).read_text()
    peak = floor()
    training, worlds = [], []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "agent.ron"
        for device in args.device or ["cpu"]:
            for what, values in GROWTH.items():
                for value in values:
                    at = BASE | {what: value}
                    path.write_text(definition(text, at["context"], at["width"]))
                    command = [args.dt_train, "bench", path, "--device", device, "--json"]
                    command += ["--batch-size", at["batch"], "--steps", args.steps]
                    record = run_json(command + ["--datasets", args.datasets])
                    tokens = record["tokens_computed"]
                    # Three tokens a timestep, but for the last action of some windows.
                    states = tokens / 3
                    work = multiplications(record["definition"]["model"], tokens, states)
                    # Weights, two moments and a gradient, read and written once.
                    moved = 8 * 4 * record["parameters"]
                    least = work / peak["multiply_adds_per_second"]
                    least += moved / peak["copied_bytes_per_second"]
                    row = {"device": device, "varied": what, **at}
                    row |= {"milliseconds": record["milliseconds"], "peak_rss_mb": record["peak_rss_mb"]}
                    row |= {"multiply_adds": work, "floor_milliseconds": 1e3 * least}
                    row |= {"phases": record["phases"]}
                    training.append(row)
                    print(f"{device}, {what} {value}: {row['milliseconds']:.1f} ms, floor {1e3 * least:.1f}")
    for count in WORLDS:
        command = [args.dt_env, "bench", "MiniGrid-MemoryS7-v0", "--threads", 1, "--batch", count]
        record = run_json(command + ["--seconds", 1, "--json"])
        worlds.append({"worlds": count, "steps_per_second": record["one_thread"]["steps_per_second"]})
        print(f"{count} worlds: {worlds[-1]['steps_per_second']:,.0f} steps a second")
    record = {"machine_peak": peak, "training": training, "worlds": worlds}
    Path(args.out).write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
