#!/usr/bin/env python3
"""What scripts/gpu-check.sh runs: probe, parity, time to an agent, throughput beside PyTorch's.

Writes gpu-check.json and gpu-check.md. Measurements that no longer fit into the time are named.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

AGENTS = ["agents/memory-dt.ron", "agents/memory-dt-study.ron", "agents/memory-dt-post.ron"]
BATCHES = [64, 256, 1024, 4096]
PEERS = {"eager": "manual", "SDPA": "eager", "compiled": "compile", "CUDA graph": "graph"}


class Budget:
    def __init__(self, seconds):
        self.end = time.monotonic() + seconds
        self.left_out = []

    def has(self, what, seconds=20):
        if self.end - time.monotonic() > seconds:
            return True
        self.left_out.append(what)
        return False


class Utilisation:
    """Samples the GPU's utilisation while something runs; empty where nvidia-smi is not."""

    def __enter__(self):
        self.samples, self.done = [], threading.Event()
        self.thread = threading.Thread(target=self.sample)
        self.thread.start()
        return self

    def sample(self):
        query = ["nvidia-smi", "--query-gpu=utilization.gpu,memory.used", "--format=csv,noheader,nounits"]
        while not self.done.wait(0.25):
            try:
                line = subprocess.run(query, capture_output=True, text=True).stdout.splitlines()[0]
                self.samples.append([float(x) for x in line.split(",")])
            except (OSError, IndexError, ValueError):
                return

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()

    def record(self):
        if not self.samples:
            return None
        # The first second is the program's start.
        use, memory = zip(*self.samples[4:] or self.samples)
        return {"median_percent": statistics.median(use), "max_percent": max(use), "memory_mb": max(memory)}


def run(command, timeout=240, accept=(0,)):
    """Standard output of a command, or the reason why there is none."""
    try:
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=timeout)
    except subprocess.TimeoutExpired:
        return None, f"took longer than {timeout} s"
    if done.returncode not in accept:
        return None, (done.stderr or done.stdout).strip()[-600:]
    return done.stdout, None


def run_json(command, **more):
    text, why = run(command, **more)
    return (json.loads(text[min(text.index(c) for c in "[{" if c in text) :]), None) if text else (None, why)


def work(counts):
    """Operations of a step, and kernel launches where there is a GPU."""
    if counts is None:
        return "not counted"
    text = f"{counts['operations']:.0f} operations"
    if counts["kernel_launches"] is not None:
        text += f", {counts['kernel_launches']:.0f} launches, kernels busy {counts['kernel_milliseconds']:.2f} ms"
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--dt-train", required=True)
    parser.add_argument("--device", default="libtorch:cuda:0")
    parser.add_argument("--out", required=True)
    parser.add_argument("--seconds", type=float, default=450)
    args = parser.parse_args()
    budget, gpu = Budget(args.seconds), "cuda" in args.device
    out = Path(args.out)
    smi, _ = run(["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"]) if gpu else (None, None)
    torch_version, _ = run([sys.executable, "-c", "import torch; print(torch.__version__)"])
    record = {
        "device": args.device,
        "gpu": (smi or "none").strip(),
        "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores",
        "torch": (torch_version or "not importable").strip(),
        "python": platform.python_version(),
    }
    lines = [f"# {args.device}: {record['gpu']}, torch {record['torch']}", ""]

    def say(text):
        print(text, flush=True)
        lines.append(text)

    record["devices"], why = run_json([args.dt_train, "devices", "--json"])
    for row in record["devices"] or [{"device": "devices", "note": why}]:
        say(f"- {row['device']}: {row['note']}")

    data = Path("crates/dt-train/tests/data/parity")
    rows, why = run_json(
        [args.dt_train, "parity", data, data / "golden.safetensors", "--device", args.device, "--json"],
        accept=(0, 1),
    )
    if rows:
        worst = max(row["difference"] for row in rows)
        record["parity"] = {"tensors": len(rows), "largest_difference": worst, "ok": all(r["ok"] for r in rows)}
        say(f"- parity with PyTorch's recording: {len(rows)} tensors, largest difference {worst:.1e}")
    else:
        record["parity"] = {"ok": False, "why": why}
        say(f"- parity: FAILED, {why}")

    with tempfile.TemporaryDirectory() as folder:
        datasets = ["--datasets", f"{folder}/datasets"]
        run([args.dt_train, "bench", "--steps", 1, "--device", args.device] + datasets)  # makes the data

        def train(out, more=()):
            """Summary of a training, its seconds, and why there is none."""
            start = time.monotonic()
            command = [args.dt_train, "train", "--quiet", "--json", "--device", args.device]
            summary, why = run_json(command + ["--out", f"{folder}/{out}", *more] + datasets, accept=(0, 1))
            return summary, time.monotonic() - start, why

        trained, seconds, why = train("run")
        record["time_to_an_agent"] = {"seconds": seconds, "summary": trained, "why": why}
        if trained:
            say(f"- an agent in {seconds:.1f} s: {trained['steps']} steps, goals met: {trained['goals_met']}")
        else:
            say(f"- an agent: FAILED, {why}")

        if budget.has("32 agents together", 60):
            many, seconds, why = train("many", ["--seeds", "0..32" if gpu else "0..2", "--together", 32])
            record["many_agents"] = {"seconds": seconds, "agents": len(many or []), "why": why}
            if many:
                met = sum(one["goals_met"] for one in many)
                say(f"- {len(many)} agents together in {seconds:.1f} s, goals met by {met}")
            else:
                say(f"- many agents together: FAILED, {why}")

        record["together"] = []
        for agents in [1, 8, 32, 128] if gpu else [1, 2]:
            if budget.has(f"{agents} agents a step"):
                command = [args.dt_train, "bench", "--json", "--agents", agents, "--steps", 100 if gpu else 5]
                with Utilisation() as use:
                    ours, why = run_json(command + ["--device", args.device] + datasets)
                row = {"agents": agents, "utilisation": use.record(), "why": why}
                if ours:
                    row |= {key: ours[key] for key in ("milliseconds", "windows_per_second", "operations")}
                    say(
                        f"- {agents} agents a step: {ours['milliseconds']:.2f} ms, "
                        f"{ours['windows_per_second']:,.0f} windows a second, {work(ours['operations'])}"
                    )
                record["together"].append(row)

        if gpu and budget.has("an agent in bfloat16", 60):
            rounded, seconds, why = train("bf16", ["--bf16"])
            record["time_to_an_agent_bf16"] = {"seconds": seconds, "summary": rounded, "why": why}
            if rounded:
                say(f"- in bfloat16 in {seconds:.1f} s: {rounded['steps']} steps, goals met: {rounded['goals_met']}")
            else:
                say(f"- in bfloat16: FAILED, {why}")

        say("")
        say("| agent | batch | ours: ms a step, windows a second, GPU | work of a step | bfloat16, ms "
            "| PyTorch: ms a step (ours is so many times faster) |")
        say("| --- | --- | --- | --- | --- | --- |")
        record["throughput"] = []
        for batch in BATCHES if gpu else BATCHES[:2]:
            for agent in AGENTS if gpu else AGENTS[:2]:
                if not budget.has(f"{agent}, batch {batch}"):
                    continue
                steps = 200 if gpu else 10
                command = [args.dt_train, "bench", agent, "--json", "--batch-size", batch, "--steps", steps]
                with Utilisation() as use:
                    ours, why = run_json(command + ["--device", args.device] + datasets)
                if not ours:
                    say(f"| {agent} | {batch} | FAILED: {why} | | | |")
                    continue
                row = {"agent": ours["agent"], "batch_size": batch, "utilisation": use.record()}
                row["milliseconds"] = {"ours": ours["milliseconds"]}
                row["windows_per_second"] = ours["windows_per_second"]
                row["operations"] = ours["operations"]
                bf16 = "–"
                # Hosts without its instructions take ten times as long.
                if (gpu or batch == BATCHES[0]) and budget.has(f"{agent}, batch {batch}, bfloat16"):
                    command[command.index("--steps") + 1] = steps if gpu else 2
                    rounded, why = run_json(command + ["--bf16", "--device", args.device] + datasets)
                    if rounded:
                        row["milliseconds"]["bfloat16"] = rounded["milliseconds"]
                        bf16 = f"{rounded['milliseconds']:.2f}"
                    else:
                        row.setdefault("failed", {})["bfloat16"] = why
                        bf16 = "FAILED"
                config = json.dumps(ours["definition"])
                shown = []
                for name, mode in PEERS.items():
                    if not gpu and mode in ("compile", "graph"):
                        continue
                    if not budget.has(f"PyTorch {name}, {agent}, batch {batch}"):
                        continue
                    peer = [sys.executable, "scripts/peers/bench_training.py", "--peer", "--config", config]
                    peer += ["--mode", mode, "--steps", steps, "--device", "cuda" if gpu else "cpu"]
                    theirs, why = run_json(peer, timeout=60)
                    if theirs:
                        row["milliseconds"][name] = theirs["milliseconds"]
                        ratio = theirs["milliseconds"] / ours["milliseconds"]
                        shown.append(f"{name} {theirs['milliseconds']:.2f} ({ratio:.2f})")
                    else:
                        row.setdefault("failed", {})[name] = why
                record["throughput"].append(row)
                busy = row["utilisation"]
                busy = f"{busy['median_percent']:.0f} %" if busy else "–"
                say(
                    f"| {row['agent']} | {batch} | {ours['milliseconds']:.2f}, "
                    f"{ours['windows_per_second']:,.0f}, {busy} | {work(ours['operations'])} | {bf16} "
                    f"| {'; '.join(shown)} |"
                )
    if budget.left_out:
        say(f"\nLeft out, for want of time: {'; '.join(budget.left_out)}.")
    record["left_out"] = budget.left_out
    (out / "gpu-check.json").write_text(json.dumps(record, indent=1) + "\n")
    (out / "gpu-check.md").write_text("\n".join(lines) + "\n")
    print(f"\n{out}/gpu-check.json\n{out}/gpu-check.md")
    failed = not record["parity"]["ok"] or not (trained and trained["goals_met"])
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
