#!/usr/bin/env python3
"""Steps per second of our worlds beside the tools people use, on one core.

    python3 scripts/peers/bench_worlds.py --dt-env target/debug/dt-env --out worlds.json

Ours and each peer run in turn, each in a process of its own that is bound to one core; a ratio is
that of neighbouring runs. Actions are random, episodes start anew by themselves, an observation is
made at every step. Where a peer's work is not ours, its row says how it differs.

Needs minigrid, envpool, navix and xminigrid; scripts/bench.sh sets them up. What is missing is named.
"""

import argparse
import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

SECONDS = 1.5


def timed(steps_of_call, call):
    """Steps per second of a function that is called again and again for some time."""
    call()
    start, steps = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - start) < SECONDS:
        call()
        steps += steps_of_call
    return steps / elapsed


def minigrid():
    """The original, one world in Python."""
    import gymnasium
    import minigrid  # noqa: F401, registers its worlds
    import numpy as np
    from minigrid.wrappers import ImgObsWrapper

    env = ImgObsWrapper(gymnasium.make("MiniGrid-MemoryS7-v0"))
    env.reset(seed=0)
    actions = np.random.default_rng(0).integers(0, 7, 200)

    def call():
        for action in actions:
            _, _, terminated, truncated, _ = env.step(action)
            if terminated or truncated:
                env.reset()

    return timed(len(actions), call)


def envpool():
    """MiniGrid's rules in C++, 256 worlds at once on one thread."""
    import envpool
    import numpy as np

    count = 256
    env = envpool.make_gymnasium("MiniGrid-MemoryS7-v0", num_envs=count, num_threads=1, seed=0)
    env.reset()
    actions = np.random.default_rng(0).integers(0, 7, (20, count)).astype(np.int32)

    def call():
        for row in actions:
            env.step(row)

    return timed(actions.size, call)


def in_jax(reset, step, n_actions, count=1024, length=64):
    """Steps per second of a compiled loop over many worlds; the time to compile does not count."""
    import jax

    @jax.jit
    def loop(states, key):
        def body(carry, _):
            states, key = carry
            key, draw = jax.random.split(key)
            states = step(states, jax.random.randint(draw, (count,), 0, n_actions))
            return (states, key), None

        (states, key), _ = jax.lax.scan(body, (states, key), None, length)
        return states, key

    key = jax.random.key(0)
    carry = (reset(jax.random.split(key, count)), key)

    def call():
        nonlocal carry
        carry = jax.block_until_ready(loop(*carry))

    return timed(count * length, call)


def navix():
    """JAX: 1,024 worlds."""
    import jax
    import navix as nx

    env = nx.make("Navix-DoorKey-6x6-v0", observation_fn=nx.observations.symbolic_first_person)
    return in_jax(jax.vmap(env.reset), jax.vmap(env.step), 7)


def xminigrid():
    """JAX: 1,024 worlds."""
    import jax
    import xminigrid
    from xminigrid.wrappers import GymAutoResetWrapper

    env, params = xminigrid.make("MiniGrid-MemoryS8", view_size=7)
    env = GymAutoResetWrapper(env)
    reset = jax.vmap(lambda key: env.reset(params, key))
    return in_jax(reset, jax.vmap(lambda state, action: env.step(params, state, action)), 6)


PEERS = {
    "minigrid": (minigrid, "none: the same world, observation and visibility; one world, from Python"),
    "envpool": (
        envpool,
        "the same world, observation and visibility, 256 worlds; also hands over direction and mission, "
        "and takes a step for each reset",
    ),
    "navix": (
        navix,
        "has no memory world: DoorKey 6x6; no occlusion; reward, observation and state are made in the "
        "same compiled loop, 1,024 worlds",
    ),
    "xminigrid": (
        xminigrid,
        "MemoryS8 (7 x 8) without occlusion, six actions; compiled loop, 1,024 worlds",
    ),
}


def on_one_core(command):
    """Standard output of a command that has one core, or why there is none."""
    env = os.environ | {
        "OMP_NUM_THREADS": "1",
        "JAX_PLATFORMS": "cpu",
        "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    }
    done = subprocess.run(["taskset", "-c", "0", *command], capture_output=True, text=True, env=env)
    if done.returncode:
        return None, (done.stderr.strip().splitlines() or ["failed"])[-1]
    return json.loads(done.stdout[done.stdout.index("{") :]), None


def spread(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def machine():
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "unknown")
    memory = int(Path("/proc/meminfo").read_text().split()[1]) / 2**20
    return {"cpu": model, "cores": os.cpu_count(), "memory_gb": round(memory, 1)}


def version(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--peer", help=argparse.SUPPRESS)
    parser.add_argument("--dt-env", default="target/debug/dt-env")
    parser.add_argument("--only", nargs="+", default=list(PEERS), choices=PEERS)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", help="JSON file to write")
    args = parser.parse_args()
    if args.peer:
        print(json.dumps({"steps_per_second": PEERS[args.peer][0]()}))
        return
    ours_command = [args.dt_env, "bench", "MiniGrid-MemoryS7-v0", "--threads", "1", "--json"]
    ours_command += ["--seconds", str(SECONDS / 2)]
    rows = []
    for name in args.only:
        ours, theirs, why = [], [], None
        for _ in range(args.repeats):
            mine, why = on_one_core(ours_command)
            if mine is None:
                sys.exit(f"{' '.join(ours_command)}: {why}")
            peer, why = on_one_core([sys.executable, __file__, "--peer", name])
            if peer is None:
                break
            ours.append(mine["one_thread"]["steps_per_second"])
            theirs.append(peer["steps_per_second"])
        row = {"peer": name, "version": version(name), "difference": PEERS[name][1]}
        if why:
            row["missing"] = why
            print(f"{name}: {why}", file=sys.stderr)
        else:
            row["steps_per_second"] = spread(theirs)
            row["ours_steps_per_second"] = spread(ours)
            row["ratio"] = spread([a / b for a, b in zip(ours, theirs)])
            r = row["ratio"]
            print(
                f"{name}: {row['steps_per_second']['median']:,.0f} steps a second; ours "
                f"{row['ours_steps_per_second']['median']:,.0f}, {r['median']:,.0f} times as many "
                f"({r['min']:,.0f} to {r['max']:,.0f})",
                file=sys.stderr,
            )
        rows.append(row)
    versions = {"python": platform.python_version(), "jax": version("jax"), "numpy": version("numpy")}
    text = json.dumps({"machine": machine(), "versions": versions, "rows": rows}, indent=1)
    if args.out:
        Path(args.out).write_text(text + "\n")
    else:
        print(text)


if __name__ == "__main__":
    main()
