#!/usr/bin/env python3
"""Records reference data for dt-env's tests with Python's own MiniGrid.

Makes three things below --out (default: crates/dt-env/tests/data):

* `*.jsonl.gz`: episodes, one JSON object per line (fields: see `record`);
* `memory_seeds.json`: what `reset(seed)` and the next `reset()` lay out in memory worlds;
* `renders/`: pictures that MiniGrid drew, and `renders/cases.json`, which says of what.

Run it with exactly these versions (it refuses others, since equal bytes are the point):

    python3 -m venv .venv
    .venv/bin/pip install minigrid==3.2.0 gymnasium==1.4.0 numpy==2.4.6
    .venv/bin/python scripts/make_traces.py

Two runs give the same bytes (with another zlib the compressed files may differ, their contents
not). `--only traces|seeds|renders` makes one part.
"""

import argparse
import gzip
import importlib.metadata
import json
import random
import struct
import zlib
from pathlib import Path

import gymnasium as gym
import minigrid  # noqa: F401  (registers the environments)
import numpy as np
from minigrid.core.constants import COLOR_TO_IDX, COLORS
from minigrid.core.grid import Grid
from minigrid.core.world_object import Ball, Box, Door, Floor, Goal, Key, Lava, Wall
from minigrid.envs.memory import MemoryEnv
from minigrid.minigrid_env import MiniGridEnv

VERSIONS = {"minigrid": "3.2.0", "gymnasium": "1.4.0", "numpy": "2.4.6"}
LEFT, RIGHT, FORWARD, PICKUP, DROP, TOGGLE, DONE = range(7)


class ForkedMemoryEnv(MemoryEnv):
    """The memory world of the 2023 study.

    It differs from MiniGrid's: pickup picks up; the agent may start at column 1; it may start
    with a random heading, drawn after the start column and before the objects.
    """

    def __init__(self, random_start=True, random_direction=False, **kwargs):
        self.random_start = random_start
        self.random_direction = random_direction
        super().__init__(**kwargs)

    def _gen_grid(self, width, height):
        # The parent draws [length], start column, instruction, target order. To leave out a draw
        # or put one in between, watch for the start column: it is the draw from 1.
        parent_draw = self._rand_int

        def draw(low, high):
            if low != 1:
                return parent_draw(low, high)
            x = parent_draw(low, high) if self.random_start else 1
            self.drawn_direction = parent_draw(0, 4) if self.random_direction else 0
            return x

        self._rand_int = draw
        try:
            super()._gen_grid(width, height)
        finally:
            del self._rand_int
        self.agent_dir = self.drawn_direction

    def step(self, action):
        result = MiniGridEnv.step(self, action)
        observation, reward, terminated, truncated, info = result
        position = tuple(self.agent_pos)
        if position == self.success_pos:
            reward, terminated = self._reward(), True
        if position == self.failure_pos:
            reward, terminated = 0, True
        return observation, reward, terminated, truncated, info


FORKS = {
    "MiniGrid-MemoryS7FixedStart-v0": dict(size=7, random_start=False, max_steps=1000),
    "MiniGrid-MemoryS7RandomDirection-v0": dict(size=7, random_direction=True, max_steps=1000),
}


def make(name, **kwargs):
    """The environment without gymnasium's wrappers."""
    if name in FORKS:
        return ForkedMemoryEnv(**(FORKS[name] | kwargs))
    return gym.make(name, **kwargs).unwrapped


# --------------------------------------------------------------------------------------------
# Episodes


def cell_bytes(obj):
    return None if obj is None else [int(v) for v in obj.encode()]


def generator_state(env):
    state = env.np_random.bit_generator.state
    return {
        "bg": state["bit_generator"],
        "state": f"{state['state']['state']:032x}",
        "inc": f"{state['state']['inc']:032x}",
        "has_uint32": int(state["has_uint32"]),
        "uinteger": int(state["uinteger"]),
    }


def pair(position):
    return [int(position[0]), int(position[1])]


def task_state(env):
    """What decides the task and does not show in the cells."""
    task = {}
    for name in ("success_pos", "failure_pos", "target_pos"):
        if getattr(env, name, None) is not None:
            task[name] = pair(getattr(env, name))
    if getattr(env, "obj", None) is not None:
        task["obj"] = cell_bytes(env.obj)
        task["obj_pos"] = pair(env.obj.cur_pos)
    if hasattr(env, "targetType"):
        task["target_type"] = env.targetType
        task["target_color"] = env.targetColor
    if hasattr(env, "obstacles"):
        task["obstacles"] = [pair(o.cur_pos) for o in env.obstacles]
    boxes = [
        [x, y, cell_bytes(env.grid.get(x, y).contains)]
        for x in range(env.width)
        for y in range(env.height)
        if isinstance(env.grid.get(x, y), Box)
    ]
    if boxes:
        task["boxes"] = boxes
    return task


def record(name, kwargs, seed, resets, policy_name, policy, cap):
    """Plays one episode; the field names are those of the trace format.

    Byte `(x * h + y) * 3 + c` of a grid, and `(i * view + j) * 3 + c` of an observation, as hex.
    `delta` lists every cell that a step changed: x, y, object, colour, state.
    """
    env = make(name, **kwargs)
    observation, _ = env.reset(seed=seed)
    for _ in range(resets - 1):
        observation, _ = env.reset()
    cells = env.grid.encode()
    trace = {
        "env": name,
        "kwargs": kwargs,
        "seed": seed,
        "resets": resets,
        "policy": policy_name,
        "w": env.width,
        "h": env.height,
        "view": env.agent_view_size,
        "see_through_walls": bool(env.see_through_walls),
        "max_steps": int(env.max_steps),
        "mission": env.mission,
        "agent_pos": pair(env.agent_pos),
        "agent_dir": int(env.agent_dir),
        "task": task_state(env),
        "rng": generator_state(env),
        "grid": cells.tobytes().hex(),
        "obs0": observation["image"].tobytes().hex(),
        "dir0": int(observation["direction"]),
    }
    lists = {k: [] for k in ("actions", "reward", "term", "trunc", "dir", "pose", "carry", "delta")}
    images = []
    over = False
    while not over and len(lists["actions"]) < cap:
        action = policy(env)
        if action is None:
            break
        observation, reward, terminated, truncated, _ = env.step(action)
        after = env.grid.encode()
        changed = np.argwhere((after != cells).any(axis=2))
        lists["actions"].append(int(action))
        lists["reward"].append(float(reward))
        lists["term"].append(int(terminated))
        lists["trunc"].append(int(truncated))
        lists["dir"].append(int(observation["direction"]))
        lists["pose"].append(pair(env.agent_pos) + [int(env.agent_dir)])
        lists["carry"].append(cell_bytes(env.carrying))
        lists["delta"].append([[int(x), int(y), *map(int, after[x, y])] for x, y in changed])
        images.append(observation["image"].tobytes())
        cells = after
        over = terminated or truncated
    trace["T"] = len(lists["actions"])
    trace["cut"] = not over
    trace |= lists
    trace["obs"] = b"".join(images).hex()
    trace["rng_end"] = generator_state(env)
    trace["mission_end"] = env.mission
    if hasattr(env, "obstacles"):
        trace["obstacles_end"] = [pair(o.cur_pos) for o in env.obstacles]
    trace["grid_end"] = cells.tobytes().hex()
    return trace


def random_policy(rng):
    return lambda env: rng.randrange(7)


def curious_policy(rng):
    """Walks about and mostly uses what it meets: takes, opens, and now and then drops."""

    def act(env):
        front = env.grid.get(*env.front_pos)
        roll = rng.random()
        if front is not None and front.type in ("key", "ball", "box") and roll < 0.7:
            return TOGGLE if front.type == "box" and roll < 0.3 else PICKUP
        if front is not None and front.type == "door" and not front.is_open and roll < 0.8:
            return TOGGLE
        if env.carrying is not None and front is None and roll < 0.08:
            return DROP
        blocked = front is not None and not front.can_overlap()
        weights = [3, 3, 1] if blocked else [1, 1, 4]
        return rng.choices([LEFT, RIGHT, FORWARD], weights)[0]

    return act


def walk_policy(rng, goal, noise=0.0, last_step=False):
    """Walks a memory world to its success or failure cell, by the corridor.

    With `noise`, that share of steps is random. With `last_step`, it waits before the last step
    until `max_steps`, so that the episode ends for both reasons at once.
    """

    def act(env):
        if rng.random() < noise:
            return rng.randrange(7)
        x, y = env.agent_pos
        to_x, to_y = getattr(env, goal)
        if x != to_x:
            heading = 0 if x < to_x else 2
        else:
            heading = 1 if y < to_y else 3
        if env.agent_dir != heading:
            return RIGHT if (heading - env.agent_dir) % 4 == 1 else LEFT
        near = abs(x - to_x) + abs(y - to_y) == 1
        if last_step and near and env.step_count + 1 < env.max_steps:
            return DONE
        return FORWARD

    return act


def first_success(name, kwargs, seed, cap, tries=3000):
    """The first curious episode that earns a positive reward."""
    for attempt in range(tries):
        rng = random.Random(f"{name}/{seed}/{attempt}")
        trace = record(name, kwargs, seed, 1, "curious_success", curious_policy(rng), cap)
        if trace["reward"][-1] > 0:
            return trace
    raise SystemExit(f"{name}: no success with seed {seed} in {tries} tries")


MEMORY = [
    ("MiniGrid-MemoryS7-v0", {}),
    ("MiniGrid-MemoryS13Random-v0", {}),
    ("MiniGrid-MemoryS17Random-v0", {}),
    ("MiniGrid-MemoryS7FixedStart-v0", {}),
    ("MiniGrid-MemoryS7FixedStart-v0", {"max_steps": 50}),
    ("MiniGrid-MemoryS7RandomDirection-v0", {}),
    ("MiniGrid-MemoryS13Random-v0", {"agent_view_size": 9}),
]

# Name, options, step cap, and whether a successful episode is looked for.
OTHERS = [
    ("MiniGrid-DoorKey-8x8-v0", {}, 200, True),
    ("MiniGrid-UnlockPickup-v0", {}, 200, True),
    ("MiniGrid-LavaCrossingS9N2-v0", {}, 120, False),
    ("MiniGrid-Dynamic-Obstacles-8x8-v0", {}, 120, True),
    ("MiniGrid-FourRooms-v0", {"see_through_walls": True}, 100, True),
    ("MiniGrid-ObstructedMaze-1Dlhb-v0", {}, 200, True),
    ("MiniGrid-Fetch-8x8-N3-v0", {}, 100, True),
]


def memory_episodes(name, kwargs):
    plans = [
        ("random7", lambda rng: random_policy(rng), 120),
        ("oracle", lambda rng: walk_policy(rng, "success_pos"), 120),
        ("wrong", lambda rng: walk_policy(rng, "failure_pos"), 120),
        ("oracle_eps", lambda rng: walk_policy(rng, "success_pos", noise=0.3), 200),
        ("curious", lambda rng: curious_policy(rng), 120),
        ("random7", lambda rng: random_policy(rng), 120),
    ]
    if kwargs.get("max_steps"):
        plans.append(
            ("oracle_last_step", lambda rng: walk_policy(rng, "success_pos", last_step=True), 120)
        )
    for seed, (policy_name, policy, cap) in enumerate(plans):
        # Some episodes are the second or third of their stream.
        resets = 1 + seed % 3
        rng = random.Random(f"{name}/{policy_name}/{seed}")
        yield record(name, kwargs, 11 * seed, resets, policy_name, policy(rng), cap)


def other_episodes(name, kwargs, cap, success):
    if success:
        yield first_success(name, kwargs, 5, cap)
    for seed in range(2):
        rng = random.Random(f"{name}/random7/{seed}")
        yield record(name, kwargs, seed, 1, "random7", random_policy(rng), 80)
    for seed in range(2, 4):
        rng = random.Random(f"{name}/curious/{seed}")
        yield record(name, kwargs, seed, 1 + seed % 2, "curious", curious_policy(rng), cap)


def write_traces(out):
    jobs = [(n, k, memory_episodes(n, k)) for n, k in MEMORY]
    jobs += [(n, k, other_episodes(n, k, cap, success)) for n, k, cap, success in OTHERS]
    for name, kwargs, episodes in jobs:
        options = "".join(f"__{k}-{v}" for k, v in kwargs.items())
        lines = [json.dumps(e, separators=(",", ":")) for e in episodes]
        text = "\n".join(lines) + "\n"
        path = out / f"{name}{options}.jsonl.gz"
        with open(path, "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as file:
            file.write(text.encode())
        print(f"{path.name}: {len(lines)} episodes, {path.stat().st_size} bytes")


# --------------------------------------------------------------------------------------------
# Layouts by seed


def layout_columns(env):
    middle = env.height // 2
    hallway_end = int(env.success_pos[0]) - 1
    name = lambda x, y: env.grid.get(x, y).type
    return [
        name(1, middle - 1),
        name(hallway_end + 1, middle - 2),
        name(hallway_end + 1, middle + 2),
        "top" if env.success_pos[1] < middle else "bottom",
        hallway_end,
        *pair(env.agent_pos),
        int(env.agent_dir),
    ]


def seed_row(env, seed):
    env.reset(seed=seed)
    first = layout_columns(env)
    state = generator_state(env)
    # A half that has been used is written as 0.
    half = state["uinteger"] if state["has_uint32"] else 0
    cells = [pair(env.success_pos), pair(env.failure_pos)]
    env.reset()
    generator = [state["state"], state["has_uint32"], half]
    return [str(seed), *first, *cells, layout_columns(env), generator]


def write_seed_table(out):
    names = [
        "MiniGrid-MemoryS7-v0",
        "MiniGrid-MemoryS9-v0",
        "MiniGrid-MemoryS11-v0",
        "MiniGrid-MemoryS13-v0",
        "MiniGrid-MemoryS13Random-v0",
        "MiniGrid-MemoryS17Random-v0",
        *FORKS,
    ]
    seeds = [*range(16), 2**31, 2**32 - 1, 2**32, 2**63, 2**64 - 1, 2**64, 2**96 + 7, 2**128 - 1]
    seeds += [random.Random("seeds").getrandbits(64) for _ in range(4)]
    compact = lambda value: json.dumps(value, separators=(",", ":"))
    envs = []
    for name in names:
        env = make(name)
        # One row per line, for readable differences.
        rows = ",\n".join(compact(seed_row(env, seed)) for seed in seeds)
        envs.append(f'"{name}":{{"rows":[\n{rows}]}}')
    head = ",".join(f'"{k}":"{VERSIONS[k]}"' for k in ("minigrid", "numpy"))
    text = f'{{{head},"envs":{{\n' + ",\n".join(envs) + "}}\n"
    (out / "memory_seeds.json").write_text(text)
    print(f"memory_seeds.json: {len(seeds)} seeds of {len(names)} environments")


# --------------------------------------------------------------------------------------------
# Pictures


def write_png(path, image):
    """An 8-bit RGB PNG, by hand: no imaging library, so nothing else to pin."""
    height, width, _ = image.shape
    rows = b"".join(b"\0" + image[y].tobytes() for y in range(height))

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows, 9)), chunk(b"IEND", b"")]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))


class DrawnEnv(MiniGridEnv):
    """A world given cell by cell, to be drawn and not played."""

    def __init__(self, objects, width, height, agent, carrying=None, **kwargs):
        self.objects = objects
        self.start = agent
        self.start_carrying = carrying
        space = gym.spaces.Text(8)
        super().__init__(mission_space=space, width=width, height=height, max_steps=10, **kwargs)

    def _gen_grid(self, width, height):
        self.grid = Grid(width, height)
        for (x, y), obj in self.objects.items():
            self.grid.set(x, y, obj)
        self.agent_pos = np.array(self.start[:2])
        self.agent_dir = self.start[2]
        self.mission = ""

    def reset(self, **kwargs):
        result = super().reset(**kwargs)
        self.carrying = self.start_carrying
        return result


def catalogue(colors):
    """Every object in these colours (and every state), one per cell; colours go down."""
    objects = {}
    for row, color in enumerate(colors):
        column = [Wall(color), Floor(color), Key(color), Ball(color), Box(color), Goal(color)]
        column += [Door(color, True, False), Door(color, False, False), Door(color, False, True)]
        column += [Lava(), None]
        for x, obj in enumerate(column):
            objects[x, row] = obj
    return objects


def picture_cases():
    """Name and environment, ready to be drawn."""
    for seed in (0, 1, 5):
        env = make("MiniGrid-MemoryS7-v0")
        env.reset(seed=seed)
        for action in [FORWARD, RIGHT, FORWARD, LEFT][: seed + 1]:
            env.step(action)
        yield f"memory-s7-seed-{seed}", env
    env = make("MiniGrid-MemoryS13Random-v0", agent_view_size=9)
    env.reset(seed=3)
    yield "memory-s13-random-view-9", env
    for name, seed in [("DoorKey-8x8", 2), ("LavaCrossingS9N2", 4), ("ObstructedMaze-1Dlhb", 1)]:
        env = make(f"MiniGrid-{name}-v0")
        env.reset(seed=seed)
        rng = random.Random(f"picture/{name}")
        policy = curious_policy(rng)
        for _ in range(12):
            if env.step(policy(env))[2]:
                env.reset()
        yield name.lower(), env
    # Every tile in light and in shade: seen through walls, the window covers all; looking away
    # with a small window, it covers nothing.
    colors = sorted(COLORS, key=COLOR_TO_IDX.get)
    yield "catalogue-light", DrawnEnv(
        catalogue(colors), 11, 6, (10, 4, 2), agent_view_size=23, see_through_walls=True
    )
    yield "catalogue-shade", DrawnEnv(catalogue(colors), 11, 6, (10, 5, 0), agent_view_size=3)
    # The agent on top of things that it can stand on, in every heading, its hands full.
    for column, what in [(1, "floor"), (5, "goal"), (6, "open-door"), (9, "lava")]:
        objects = catalogue(["purple", "yellow", "red"])
        yield f"agent-on-{what}", DrawnEnv(
            objects, 11, 3, (column, 1, column % 4), carrying=Key("purple"), agent_view_size=5
        )


def write_pictures(out):
    folder = out / "renders"
    folder.mkdir(exist_ok=True)
    cases = []
    for name, env in picture_cases():
        if isinstance(env, DrawnEnv):
            env.reset(seed=0)
        write_png(folder / f"{name}.world.png", env.get_full_render(True, 32))
        write_png(folder / f"{name}.view.png", env.get_pov_render(32))
        case = {
            "name": name,
            "w": env.width,
            "h": env.height,
            "view": env.agent_view_size,
            "see_through_walls": bool(env.see_through_walls),
            "agent": pair(env.agent_pos) + [int(env.agent_dir)],
            "carrying": cell_bytes(env.carrying),
            "grid": env.grid.encode().tobytes().hex(),
        }
        cases.append(json.dumps(case, separators=(",", ":")))
    text = "[\n" + ",\n".join(cases) + "\n]\n"
    (folder / "cases.json").write_text(text)
    size = sum(p.stat().st_size for p in folder.iterdir())
    print(f"renders: {len(cases)} worlds, {size} bytes")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    here = Path(__file__).resolve().parent.parent
    default = here / "crates" / "dt-env" / "tests" / "data"
    parser.add_argument("--out", type=Path, default=default)
    parser.add_argument("--only", choices=["traces", "seeds", "renders"])
    options = parser.parse_args()
    for package, version in VERSIONS.items():
        found = importlib.metadata.version(package)
        if found != version:
            raise SystemExit(f"needs {package} {version}, found {found}")
    options.out.mkdir(parents=True, exist_ok=True)
    parts = {"traces": write_traces, "seeds": write_seed_table, "renders": write_pictures}
    for part, write in parts.items():
        if options.only in (None, part):
            write(options.out)


if __name__ == "__main__":
    main()
