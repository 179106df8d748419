#!/usr/bin/env python3
"""What takes a decision transformer off its plateau: variants of agents/memory-dt.ron, compared.

    cargo build -p dt-train
    python3 scripts/plateau.py [--seeds 2] [--out runs/plateau]

Each variant differs from the default agent in what its name says, trains for at most 2,000 steps,
and stops once the exact evaluation has been perfect four times in a row (every 50 steps). Prints
a Markdown table: the step of the first of those four evaluations, per seed; a dash means never.
Needs nothing but Python's standard library.
"""

import argparse
import json
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Name, and replacements in the definition.
AIDS = "n_ctx: 26,"
VARIANTS = [
    ("the default: windows end with the episode, initial std 0.12", {}),
    ("initial std 0.05", {"initial_std: 0.12": "initial_std: 0.05"}),
    ("initial std 0.02", {"initial_std: 0.12": "initial_std: 0.02"}),
    (
        "initial std 0.02, centred observations",
        {"initial_std: 0.12": "initial_std: 0.02", AIDS: AIDS + " centre_observations: true,"},
    ),
    (
        "initial std 0.02, state bias, its table's rate / 10",
        {
            "initial_std: 0.12": "initial_std: 0.02",
            AIDS: AIDS + " state_bias: true,",
            "learning_rate: 1e-3,": "learning_rate: 1e-3, state_embedding_rate: 0.1,",
        },
    ),
    (
        "initial std 0.02, return-to-go standardised, times 3",
        {"initial_std: 0.12": "initial_std: 0.02", AIDS: AIDS + " return_to_go: Standardised(3.0),"},
    ),
    ("windows as long as they can be", {"window_end: EpisodeEnd": "window_end: Full"}),
    ("windows that end anywhere", {"window_end: EpisodeEnd": "window_end: AnyStep"}),
]


def variant(text: str, replacements: dict[str, str]) -> str:
    """The definition with its replacements, each of which must be found."""
    replacements = replacements | {"stop_after_perfect: 15": "stop_after_perfect: 4"}
    for old, new in replacements.items():
        if old not in text:
            raise SystemExit(f"agents/memory-dt.ron has no `{old}` any more; adapt this script")
        text = text.replace(old, new, 1)
    return re.sub(r'name: "memory-dt"', 'name: "plateau"', text)


def first_perfect(run: Path, checks: int = 4) -> int | None:
    """Step from which on the last `checks` exact evaluations are perfect, if they are."""
    record = json.loads((run / "eval.json").read_text())
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    exact = [line for line in lines if "exact" in line][-checks:]
    good = len(exact) == checks and all(
        line["exact"][0]["success"] == 4 and line["exact"][1]["wrong_target"] == 4
        for line in exact
    )
    return exact[0]["step"] if good and record["exact"] else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=2, help="seeds of each variant")
    parser.add_argument("--out", type=Path, default=Path("runs/plateau"))
    args = parser.parse_args()
    program = ROOT / "target/debug/dt-train"
    text = (ROOT / "agents/memory-dt.ron").read_text()
    print("| variant | solved at step, per seed |\n| --- | --- |")
    for number, (name, replacements) in enumerate(VARIANTS):
        folder = args.out / f"variant-{number}"
        folder.mkdir(parents=True, exist_ok=True)
        definition = folder / "agent.ron"
        definition.write_text(variant(text, replacements))
        steps = []
        for seed in range(args.seeds):
            run = folder / f"seed-{seed}"
            command = [program, "train", definition, "--seed", str(seed), "--out", run]
            command += ["--datasets", args.out / "datasets", "--force", "--quiet", "--json"]
            done = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
            if done.returncode not in (0, 1):  # 1: the goals were not met
                raise SystemExit(f"{name}, seed {seed}: exit code {done.returncode}")
            step = first_perfect(run)
            steps.append("–" if step is None else f"{step:,}")
        print(f"| {name} | {', '.join(steps)} |", flush=True)


if __name__ == "__main__":
    main()
