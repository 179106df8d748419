#!/usr/bin/env python3
"""Checks dt-data's datasets with other people's software.

Makes small datasets (or takes those that are given), and then

* opens them with pyarrow and polars: columns, nulls, row counts, final rows, provenance;
* plays their episodes again in Python's MiniGrid from the recorded seeds and actions, and
  compares every observation, reward and flag, bit by bit;
* exports them, opens the export with `minari.load_dataset`, and compares every episode.

    python3 -m venv .venv
    .venv/bin/pip install pyarrow polars "minari[arrow]" pillow \\
        minigrid==3.2.0 gymnasium==1.4.0 numpy==2.4.6
    .venv/bin/python tests/python/check_dataset.py
    .venv/bin/python tests/python/check_dataset.py runs/datasets/memory

It builds dt-data with cargo, or uses the program named by --dt-data. The exit code is 1 if
something differs.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import minari
import numpy as np
import polars
import pyarrow as pa
from gymnasium import spaces
from minigrid.wrappers import ImgObsWrapper

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "scripts/fixtures"))
from make_traces import FORKS, make  # noqa: E402

# Upstream worlds, and the fork's world of the 2023 study; with their own step limits and others.
RECIPES = {
    "memory-s7": ("MiniGrid-MemoryS7-v0", ""),
    "memory-s13-random": ("MiniGrid-MemoryS13Random-v0", "max_steps: 60, "),
    "memory-fixed-start": ("MiniGrid-MemoryS7FixedStart-v0", "max_steps: 50, "),
}
PARTS = """[
    (policy: Planner, amount: Episodes(40)),
    (policy: Boltzmann(temperature: 2.0), amount: Episodes(60)),
    (policy: WrongTarget(temperature: 1.0), amount: Episodes(30)),
    (policy: TopK(k: 3), amount: Episodes(20)),
    (policy: Uniform, amount: Steps(per_environment: 333, environments: 4)),
]"""

OUTCOMES = {
    "success": (True, None),
    "wrong_target": (True, None),
    "truncated": (False, True),
    "cut": (False, True),
}


def check(holds, what):
    if not holds:
        raise SystemExit(f"FAILED: {what}")


def same(found, expected, what):
    found, expected = np.asarray(found), np.asarray(expected)
    check(
        found.dtype == expected.dtype and np.array_equal(found, expected),
        f"{what}: {found.dtype}{found.shape} is not {expected.dtype}{expected.shape} or differs",
    )


class Dataset:
    """The two files of a dataset as numpy arrays, read with pyarrow."""

    def __init__(self, path):
        self.path = path
        self.card = json.loads((path / "card.json").read_text())
        self.view = self.card["env"]["view_size"]
        self.steps = pa.ipc.open_file(path / "steps.arrow").read_all()
        self.episodes = pa.ipc.open_file(path / "episodes.arrow").read_all()
        self.rows = self.episodes.to_pylist()
        flat = self.steps["observation"].combine_chunks().flatten().to_numpy()
        self.observations = flat.reshape(-1, self.view, self.view, 3)
        # A null, the action of a final row, becomes -1.
        self.actions = self.steps["action"].cast(pa.int16()).fill_null(-1).to_numpy()
        self.rewards = self.steps["reward"].to_numpy()
        self.terminated = self.steps["terminated"].to_numpy()
        self.truncated = self.steps["truncated"].to_numpy()

    @property
    def env(self):
        return self.card["env"]["id"]

    @property
    def max_steps(self):
        return self.card["env"]["max_steps"]


def check_columns(data):
    """Column types, nulls, and the shape of an episode."""
    item = pa.field("item", pa.uint8(), nullable=False)
    field = lambda name, kind, nullable=False: pa.field(name, kind, nullable)  # noqa: E731
    steps = pa.schema(
        [
            field("episode", pa.uint32()),
            field("step", pa.uint16()),
            field("observation", pa.list_(item, data.view * data.view * 3)),
            field("action", pa.uint8(), True),
            field("reward", pa.float64()),
            field("terminated", pa.bool_()),
            field("truncated", pa.bool_()),
        ]
    )
    episodes = pa.schema(
        [
            field("episode", pa.uint32()),
            field("first_row", pa.uint64()),
            field("length", pa.uint32()),
            field("policy", pa.string()),
            field("temperature", pa.float64(), True),
            field("env_seed", pa.uint64()),
            field("instruction", pa.string(), True),
            field("left_right", pa.string(), True),
            field("target_side", pa.string(), True),
            field("outcome", pa.string()),
            field("return", pa.float64()),
        ]
    )
    check(data.steps.schema.equals(steps), f"steps.arrow: {data.steps.schema}")
    check(data.episodes.schema.equals(episodes), f"episodes.arrow: {data.episodes.schema}")
    data.steps.validate(full=True)
    data.episodes.validate(full=True)

    count, card = len(data.rows), data.card
    lengths = data.episodes["length"].to_numpy()
    check(count == card["episodes"], "episodes of the card")
    check(lengths.sum() == card["transitions"], "transitions of the card")
    check(len(data.steps) == lengths.sum() + count, "one more row per episode")
    same(data.episodes["first_row"], np.cumsum(lengths + 1, dtype=np.uint64) - lengths - 1, "rows")
    same(data.steps["episode"], np.repeat(np.arange(count, dtype=np.uint32), lengths + 1), "episode")
    steps = np.concatenate([np.arange(n + 1, dtype=np.uint16) for n in lengths])
    same(data.steps["step"], steps, "step")
    final = steps == np.repeat(lengths, lengths + 1)
    same(data.actions == -1, final, "a null action is a final row")
    check(data.actions.max() < 7, "actions")
    check(not data.rewards[final].any(), "rewards of final rows")
    ends = data.terminated | data.truncated
    same(ends, np.append(final[1:], False), "an episode ends with its last step")
    for name in steps_columns_without_nulls(data):
        check(data.steps[name].null_count == 0, f"{name}: nulls")
    return f"{count} episodes, {lengths.sum()} transitions"


def steps_columns_without_nulls(data):
    return [name for name in data.steps.column_names if name != "action"]


def check_provenance(data):
    """Each episode's row says what its steps show."""
    outcomes = dict.fromkeys(OUTCOMES, 0)
    for row in data.rows:
        steps = slice(row["first_row"], row["first_row"] + row["length"])
        check(row["return"] == data.rewards[steps].sum(), f"{row}: return")
        terminated, truncated = OUTCOMES[row["outcome"]]
        last = steps.stop - 1
        check(data.terminated[last] == terminated, f"{row}: terminated")
        check(truncated is None or data.truncated[last] == truncated, f"{row}: truncated")
        check((row["outcome"] == "success") == (row["return"] > 0), f"{row}: outcome")
        left = row["left_right"].split("-")[0].lower() == row["instruction"]
        check(row["target_side"] == ("left" if left else "right"), f"{row}: target side")
        outcomes[row["outcome"]] += 1
    check(outcomes == data.card["outcomes"], f"outcomes of the card: {outcomes}")
    seeds = {row["env_seed"] for row in data.rows}
    return f"{len(seeds)} different seeds, {outcomes}"


def check_polars(data):
    """polars reads the same values."""
    for name, table in [("steps", data.steps), ("episodes", data.episodes)]:
        frame = polars.read_ipc(data.path / f"{name}.arrow")
        check(frame.columns == table.column_names, f"{name}: {frame.columns}")
        for column in frame.columns:
            found = frame[column].to_list()
            check(found == table[column].to_pylist(), f"{name}.{column} in polars")
    return f"polars {polars.__version__} reads the same"


def check_replay(data):
    """Python's MiniGrid gives every byte again, from the recorded seed and actions."""
    if not (data.env in FORKS or data.env.startswith("MiniGrid-Memory")):
        return f"skipped: Python has no {data.env}"
    view = {} if data.env in FORKS else {"agent_view_size": data.view}
    env = make(data.env, max_steps=data.max_steps, **view)
    for row in data.rows:
        observation, _ = env.reset(seed=row["env_seed"])
        for at in range(row["first_row"], row["first_row"] + row["length"]):
            where = f"{row}, row {at}"
            same(observation["image"], data.observations[at], where)
            step = env.step(int(data.actions[at]))
            observation, reward, terminated, truncated, _ = step
            cut = row["outcome"] == "cut" and at + 1 == row["first_row"] + row["length"]
            check(float(reward) == data.rewards[at], f"{where}: reward")
            check(terminated == data.terminated[at], f"{where}: terminated")
            check((truncated or cut) == data.truncated[at], f"{where}: truncated")
        same(observation["image"], data.observations[at + 1], f"{row}: final observation")
    return f"{len(data.rows)} episodes played again, every byte equal"


def check_minari(data, program, root):
    """Minari opens the export, and finds the same episodes in it."""
    name = f"check/{data.path.name}-v0"
    command = [program, "export", data.path, "--format", "minari", "--out", root / name]
    report = run([*command, "--id", name, "--json"])
    check(json.loads(report)["root"] == str(root.resolve()), report)

    os.environ["MINARI_DATASETS_PATH"] = str(root)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        listed = minari.list_local_datasets(compatible_minari_version=True)
    check(name in listed, f"Minari lists {list(listed)}")
    dataset = minari.load_dataset(name)
    check(dataset.total_episodes == data.card["episodes"], "episodes in Minari")
    check(dataset.total_steps == data.card["transitions"], "steps in Minari")
    space = spaces.Box(0, 255, (data.view, data.view, 3), np.uint8)
    check(dataset.observation_space == space, dataset.observation_space)
    check(dataset.action_space == spaces.Discrete(7), dataset.action_space)
    metadata = dataset.storage.get_episode_metadata(range(len(data.rows)))
    for row, episode, extra in zip(data.rows, dataset.iterate_episodes(), metadata, strict=True):
        first, end = row["first_row"], row["first_row"] + row["length"]
        what = f"episode {row['episode']} in Minari"
        check(episode.id == row["episode"], what)
        same(episode.observations, data.observations[first : end + 1], f"{what}: observations")
        same(episode.actions, data.actions[first:end].astype(np.int64), f"{what}: actions")
        same(episode.rewards, data.rewards[first:end], f"{what}: rewards")
        same(episode.terminations, data.terminated[first:end], f"{what}: terminations")
        same(episode.truncations, data.truncated[first:end], f"{what}: truncations")
        expected = {"id": row["episode"], "seed": row["env_seed"], "total_steps": row["length"]}
        kept = ["policy", "temperature", "instruction", "left_right", "target_side", "outcome"]
        expected |= {key: row[key] for key in [*kept, "return"]}
        check(extra == expected, f"{what}: {extra}")
    check(len(dataset.sample_episodes(3)) == 3, "sampling in Minari")
    recovered = recover(dataset, data)
    return f"minari {minari.__version__} reads {len(data.rows)} equal episodes{recovered}"


def recover(dataset, data):
    """The environment that Minari makes for the dataset gives its first episode."""
    if dataset.env_spec is None:
        return ""
    env = ImgObsWrapper(dataset.recover_environment())
    episode, row = dataset[0], data.rows[0]
    observation, _ = env.reset(seed=row["env_seed"])
    for t, action in enumerate(episode.actions):
        same(observation, episode.observations[t], f"recovered environment, step {t}")
        observation, reward, terminated, truncated, _ = env.step(action)
        check(float(reward) == episode.rewards[t], "reward of the recovered environment")
    check(terminated == episode.terminations[-1], "end of the recovered environment")
    check(truncated == episode.truncations[-1], "end of the recovered environment")
    return ", and recovers the environment"


def run(command):
    result = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    check(result.returncode == 0, f"{command}: {result.stderr}")
    return result.stdout


def build():
    """Path of dt-data, built by cargo."""
    cargo = ["cargo", "build", "--quiet", "-p", "dt-data", "--message-format", "json"]
    result = subprocess.run(cargo, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    messages = [json.loads(line) for line in result.stdout.splitlines()]
    programs = [m["executable"] for m in messages if m.get("executable")]
    return Path(programs[-1])


def generate(program, folder):
    """A small dataset of each recipe."""
    paths = []
    for name, (env, limit) in RECIPES.items():
        recipe = folder / f"{name}.ron"
        recipe.write_text(f'(name: "{name}", env: "{env}", {limit}seed: 3, parts: {PARTS})')
        paths.append(folder / name)
        run([program, "generate", recipe, "--out", paths[-1]])
    return paths


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("dataset", type=Path, nargs="*", help="folders [default: makes its own]")
    parser.add_argument("--dt-data", type=Path, help="the program [default: built by cargo]")
    options = parser.parse_args()
    program = options.dt_data or build()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for path in options.dataset or generate(program, folder):
            data = Dataset(path)
            print(f"{data.card['recipe']['name']}: {data.env}, at most {data.max_steps} steps")
            for part in [check_columns, check_provenance, check_polars, check_replay]:
                print(f"  ok  {part(data)}")
            print(f"  ok  {check_minari(data, program, folder / 'minari')}")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
