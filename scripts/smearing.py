#!/usr/bin/env python3
"""How far the instruction feature of trained agents is smeared over the cells that show it.

    python3 scripts/smearing.py runs/memory-dt-study/seed-0 [MORE RUNS] [--last] [--facets]
        [--projections] [--markdown]

For each kept checkpoint of a run (and its final weights) prints
- the exact evaluation that the run logged at that step: successes of 4 at return-to-go 0.892 and
  wrong targets of 4 at 0;
- in how many of 8 prompts (4 layouts, 2 returns-to-go) the logit difference left - right has the
  right sign, and the least |LD flipped - LD original|;
- PC1: the share of variance of the first component of the 8 items key/ball at (2,6), (0,5), (4,2),
  (4,3), unit-normalised and centred; `sep` if it separates keys from balls;
- the cosine of E_key - E_ball at each cue cell with that at (2,6);
- restored LD, pooled over prompts, when the start frame shows the instruction's opposite at (0,5),
  at (4,2), and at both: sum(LD - LD original) / sum(LD flipped - LD original), each prompt's
  differences counted along its own flip (left as they are, the eight flips sum to zero, since the
  flip of a prompt is another prompt).

A prompt is the start frame and four steps forward, in a window that starts with it: 14 tokens
(after four zero frames for agents padded as the original's).
`--facets` adds LD of every prompt and edit, and what the agent itself does greedily by this forward
pass. `--projections` adds how far a key or a ball, put into the start frame, goes along (2,6)'s
direction in parts of its flip, and restored LD as that flip is made in tenths: an edit turns the
choice only if its parts add up to where that curve turns. Needs numpy and safetensors; agents must be
grid agents with layer norm and ReLU.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

UNSEEN, EMPTY, WALL, KEY, BALL = 0, 1, 2, 5, 6
COLOURS = {UNSEEN: 0, EMPTY: 0, WALL: 5, KEY: 1, BALL: 1}  # red, grey, green
LEFT, RIGHT, FORWARD = 0, 1, 2
CUE_CELLS = [(2, 6), (0, 5), (4, 2), (4, 3), (1, 5), (2, 5)]
PCA_CELLS = [(2, 6), (0, 5), (4, 2), (4, 3)]
EDITS = [[(0, 5)], [(4, 2)], [(0, 5), (4, 2)]]
# instruction, object on the left, object on the right
LAYOUTS = [(KEY, KEY, BALL), (KEY, BALL, KEY), (BALL, BALL, KEY), (BALL, KEY, BALL)]
RETURNS = [0.892, 0.0]
MAP = ["#######", "#####L#", "#I..#.#", "#.....#", "#...#.#", "#####R#", "#######"]


def world(layout: tuple[int, int, int]) -> np.ndarray:
    """Objects of the 7 x 7 world, `[x, y]`."""
    instruction, left, right = layout
    codes = {"#": WALL, ".": EMPTY, "I": instruction, "L": left, "R": right}
    return np.array([[codes[MAP[y][x]] for y in range(7)] for x in range(7)])


def view(grid: np.ndarray, x: int, y: int, direction: int) -> np.ndarray:
    """Objects that the agent sees, `[7, 7]` in view coordinates."""
    fx, fy = [(1, 0), (0, 1), (-1, 0), (0, -1)][direction]
    seen = np.full((7, 7), WALL)
    for vx in range(7):
        for vy in range(7):
            side, ahead = vx - 3, 6 - vy
            wx, wy = x + side * -fy + ahead * fx, y + side * fx + ahead * fy
            if 0 <= wx < 7 and 0 <= wy < 7:
                seen[vx, vy] = grid[wx, wy]
    seen[3, 6] = EMPTY
    mask = np.zeros((7, 7), bool)
    mask[3, 6] = True
    for j in range(6, -1, -1):
        for columns, step in ((range(6), 1), (range(6, 0, -1), -1)):
            for i in columns:
                if mask[i, j] and seen[i, j] != WALL:
                    mask[i + step, j] = True
                    if j > 0:
                        mask[i + step, j - 1] = mask[i, j - 1] = True
    return np.where(mask, seen, UNSEEN)


def items(objects: np.ndarray) -> np.ndarray:
    """The 980 bits of a view: objects, colours and states of all cells."""
    bits = np.zeros((20, 7, 7))
    for (x, y), code in np.ndenumerate(objects):
        bits[code, x, y] = bits[11 + COLOURS[code], x, y] = bits[17, x, y] = 1
    return bits.reshape(-1)


class Agent:
    """A decision transformer's forward pass over one aligned window, in numpy."""

    def __init__(self, folder: Path):
        self.record = json.loads((folder / "agent.json").read_text())
        model = self.record["model"]
        wanted = {"layer_norm": "LN", "activation": "Relu", "state_embedding": "Grid"}
        wanted |= {"time_embedding": "Embedding"}
        for field, value in wanted.items():
            if model[field] != value:
                raise SystemExit(f"{folder}: {field} is {model[field]}, this script needs {value}")
        tensors = load_file(folder / "agent.safetensors")
        self.w = {
            name.removeprefix("transformer."): values.astype(np.float64)
            for name, values in tensors.items()
        }
        self.layers, self.timesteps = model["n_layers"], (model["n_ctx"] + 2) // 3
        self.padded = model["padding"] == "ZeroFrames"

    def norm(self, x: np.ndarray, name: str) -> np.ndarray:
        centred = x - x.mean(-1, keepdims=True)
        scale = np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5)
        return centred / scale * self.w[name + ".w"] + self.w[name + ".b"]

    def logits(self, frames, actions, rtg: float, first_time: int = 0) -> np.ndarray:
        """Action logits at the last state token; frames `[steps, 980]`, one action fewer."""
        w = self.w
        empty = self.timesteps - len(frames) if self.padded else 0
        frames = np.concatenate([np.zeros((empty, 980)), frames])
        actions = [7] * empty + list(actions)
        steps = len(frames)
        at = [0] * empty + list(range(first_time, first_time + steps - empty))
        times = w["time_embedding.weight"][at]
        x = np.zeros((3 * steps - 1, times.shape[1]))
        x[0::3] = rtg * w["reward_embedding.0.weight"][:, 0] + times
        x[1::3] = frames @ w["state_embedding.weight"].T + times
        x[2::3] = w["action_embedding.0.weight"][actions] + times[:-1]
        x += w["pos_embed.W_pos"][: len(x)]
        future = np.triu(np.ones((len(x), len(x)), bool), 1)
        for layer in range(self.layers):
            at = f"blocks.{layer}."
            h = self.norm(x, at + "ln1")
            q, k, v = (
                np.einsum("sd,hde->hse", h, w[at + "attn.W_" + n]) + w[at + "attn.b_" + n][:, None]
                for n in "QKV"
            )
            scores = np.where(future, -1e5, q @ k.swapaxes(1, 2) / np.sqrt(q.shape[-1]))
            pattern = np.exp(scores - scores.max(-1, keepdims=True))
            z = pattern / pattern.sum(-1, keepdims=True) @ v
            x = x + np.einsum("hse,hed->sd", z, w[at + "attn.W_O"]) + w[at + "attn.b_O"]
            h = self.norm(x, at + "ln2")
            if at + "mlp.W_gate" in w:
                h = np.maximum(h @ w[at + "mlp.W_gate"], 0) * (h @ w[at + "mlp.W_in"])
                h = h + w[at + "mlp.b_in"]
            else:
                h = np.maximum(h @ w[at + "mlp.W_in"] + w[at + "mlp.b_in"], 0)
            x = x + h @ w[at + "mlp.W_out"] + w[at + "mlp.b_out"]
        last = self.norm(x, "ln_final")[-1]
        return last @ w["action_predictor.weight"].T + w["action_predictor.bias"]

    def item(self, code: int, cell: tuple[int, int]) -> np.ndarray:
        return self.w["state_embedding.weight"][:, 49 * code + 7 * cell[0] + cell[1]]


def walk(agent: Agent, layout: tuple[int, int, int], rtg: float, limit: int = 50) -> tuple[str, int]:
    """What the agent does greedily: how the episode ends, and after how many steps.

    Objects are never moved here: picking up the instruction is not modelled.
    """
    grid = world(layout)
    x, y, direction, frames, actions = 1, 3, 0, [], []
    for step in range(limit):
        frames.append(items(view(grid, x, y, direction)))
        first = max(0, len(frames) - agent.timesteps)
        action = int(np.argmax(agent.logits(frames[first:], actions[first:], rtg, first)))
        actions.append(action)
        if action == LEFT:
            direction = (direction + 3) % 4
        elif action == RIGHT:
            direction = (direction + 1) % 4
        elif action == FORWARD:
            fx, fy = [(1, 0), (0, 1), (-1, 0), (0, -1)][direction]
            if grid[x + fx, y + fy] == EMPTY:
                x, y = x + fx, y + fy
        if (x, y) in ((5, 2), (5, 4)):
            reached = layout[1] if y == 2 else layout[2]
            return ("success" if reached == layout[0] else "wrong target"), step + 1
    return "truncated", limit


def other(code: int) -> int:
    return KEY + BALL - code


def logit_differences(agent: Agent) -> np.ndarray:
    """LD of the 8 prompts, `[8, 2 + edits]`: original, flipped instruction, and each edit."""
    rows = []
    for layout in LAYOUTS:
        grid = world(layout)
        frames = [items(view(grid, x, 3, 0)) for x in range(1, 6)]
        opposite = items(view(world((other(layout[0]), *layout[1:])), 1, 3, 0))
        starts = [frames[0], opposite]
        for cells in EDITS:
            start = frames[0].reshape(20, 7, 7).copy()
            for x, y in cells:
                start[:11, x, y] = 0
                start[other(layout[0]), x, y] = 1
            starts.append(start.reshape(-1))
        for rtg in RETURNS:
            logits = [agent.logits([s, *frames[1:]], [FORWARD] * 4, rtg) for s in starts]
            rows.append([v[LEFT] - v[RIGHT] for v in logits])
    return np.array(rows)


def right_signs() -> np.ndarray:
    """+1 where left is right, in the order of `logit_differences`."""
    return np.array([(1 if a == left else -1) * (1 if rtg else -1)
                     for a, left, _ in LAYOUTS for rtg in RETURNS])


def first_component(agent: Agent) -> tuple[float, bool]:
    """Explained variance ratio of PC1 of the instruction items; whether it separates objects."""
    table = np.array([agent.item(code, cell) for code in (KEY, BALL) for cell in PCA_CELLS])
    table /= np.linalg.norm(table, axis=1, keepdims=True)
    u, s, _ = np.linalg.svd(table - table.mean(0), full_matrices=False)
    keys, balls = u[: len(PCA_CELLS), 0], u[len(PCA_CELLS) :, 0]
    return s[0] ** 2 / (s**2).sum(), max(keys) < min(balls) or max(balls) < min(keys)


def cosines(agent: Agent) -> list[float]:
    """Cosine of E_key - E_ball at each other cue cell with that at (2,6)."""
    units = [agent.item(KEY, cell) - agent.item(BALL, cell) for cell in CUE_CELLS]
    units = [d / np.linalg.norm(d) for d in units]
    return [float(units[0] @ d) for d in units[1:]]


def projections(agent: Agent) -> list[tuple[float, float, float]]:
    """Of each other cue cell: norm of E_key - E_ball over that at (2,6), and how far putting a key,
    and a ball, into the start frame there goes along (2,6)'s direction, in parts of its flip."""
    flip = agent.item(KEY, CUE_CELLS[0]) - agent.item(BALL, CUE_CELLS[0])
    size = np.linalg.norm(flip)
    start = view(world(LAYOUTS[0]), 1, 3, 0)
    rows = []
    for cell in CUE_CELLS[1:]:
        key, ball = agent.item(KEY, cell), agent.item(BALL, cell)
        before = agent.item(start[cell], cell)
        key_share, ball_share = (key - before) @ flip / size**2, (before - ball) @ flip / size**2
        rows.append((np.linalg.norm(key - ball) / size, key_share, ball_share))
    return rows


def response(agent: Agent) -> np.ndarray:
    """Pooled restored LD when the start frame's instruction is flipped in tenths, 0 to 1."""
    moved, whole = np.zeros(11), 0.0
    for layout in LAYOUTS:
        frames = [items(view(world(layout), x, 3, 0)) for x in range(1, 6)]
        opposite = items(view(world((other(layout[0]), *layout[1:])), 1, 3, 0))
        for rtg in RETURNS:
            starts = [frames[0] + t / 10 * (opposite - frames[0]) for t in range(11)]
            logits = [agent.logits([s, *frames[1:]], [FORWARD] * 4, rtg) for s in starts]
            ld = np.array([v[LEFT] - v[RIGHT] for v in logits])
            moved += np.sign(ld[-1] - ld[0]) * (ld - ld[0])
            whole += abs(ld[-1] - ld[0])
    return moved / whole


def exact_results(run: Path) -> dict[int, str]:
    """The logged exact evaluation by step, `4/4` for a perfect agent."""
    log = run / "metrics.jsonl"  # an imported agent has none
    lines = map(json.loads, log.read_text().splitlines() if log.exists() else [])
    return {line["step"]: f"{line['exact'][0]['success']}/{line['exact'][1]['wrong_target']}"
            for line in lines if "exact" in line}


def report(run: Path, args: argparse.Namespace) -> None:
    """Prints a run's table."""
    exact = exact_results(run)
    perfect = [step for step, result in sorted(exact.items()) if result == "4/4"]
    print(f"\n{run}: first perfect at step {perfect[0] if perfect else '–'}, "
          f"{len(perfect)} of {len(exact)} exact evaluations perfect")
    header = ["step", "exact", "signs", "least flip", "PC1"]
    header += [f"cos ({x},{y})" for x, y in CUE_CELLS[1:]]
    header += ["restored (0,5)", "(4,2)", "both"]
    line = "| {} |" if args.markdown else "{}"
    separator = " | " if args.markdown else "  "
    print(line.format(separator.join(header)))
    if args.markdown:
        print("| --- " * len(header) + "|")
    folders = sorted((run / "checkpoints").glob("step-*"))
    folders += [run] if (run / "agent.json").exists() else []
    for folder in folders[-1:] if args.last else folders:
        agent = Agent(folder)
        ld = logit_differences(agent)
        flip = ld[:, 1] - ld[:, 0]
        right = int((np.sign(ld[:, 0]) == right_signs()).sum())
        ratio, separate = first_component(agent)
        pooled = (np.sign(flip)[:, None] * (ld[:, 2:] - ld[:, :1])).sum(0) / abs(flip).sum()
        step = agent.record["step"]
        cells = [str(step), exact.get(step, "-"), f"{right}/8", f"{abs(flip).min():.2f}"]
        cells += [f"{ratio:.2f}" + (" sep" if separate else "")]
        cells += [f"{v:.2f}" for v in [*cosines(agent), *pooled]]
        print(line.format(separator.join(cells)), flush=True)
    if args.projections:
        difference = agent.item(KEY, CUE_CELLS[0]) - agent.item(BALL, CUE_CELLS[0])
        print(f"(2,6): norm of E_key - E_ball {np.linalg.norm(difference):.2f}")
        for cell, cosine, row in zip(CUE_CELLS[1:], cosines(agent), projections(agent)):
            print(f"({cell[0]},{cell[1]}): norm {row[0]:.2f} of (2,6)'s, cosine {cosine:.2f}; a key goes "
                  f"{row[1]:.2f} of the flip, a ball {row[2]:.2f}")
        print("restored LD by tenths of the flip: " + " ".join(f"{v:.2f}" for v in response(agent)))
    if args.facets:
        print("LD of original, flipped, (0,5), (4,2), both; restored by both; greedy walk")
        facets = [(layout, rtg) for layout in LAYOUTS for rtg in RETURNS]
        names = {KEY: "key", BALL: "ball"}
        for (layout, rtg), row in zip(facets, ld):
            end, steps = walk(agent, layout, rtg)
            numbers = " ".join(f"{v:7.2f}" for v in row)
            restored = (row[-1] - row[0]) / (row[1] - row[0])
            print(f"{rtg:5} {names[layout[0]]:4} {names[layout[1]]}-{names[layout[2]]}: {numbers} "
                  f"{restored:6.2f}  {end} in {steps}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=Path, nargs="+", help="run directories")
    parser.add_argument("--last", action="store_true", help="only the newest weights of each run")
    parser.add_argument("--facets", action="store_true", help="also every prompt of the newest")
    parser.add_argument("--projections", action="store_true", help="also how far edits go")
    parser.add_argument("--markdown", action="store_true", help="columns divided by bars")
    args = parser.parse_args()
    for run in args.runs:
        report(run, args)


if __name__ == "__main__":
    main()
