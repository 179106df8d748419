#!/usr/bin/env python3
"""The numbers of docs/study/README.md, from what `scripts/study.sh` left.

    python3 scripts/study_numbers.py [runs/study]

Reads the report (`claims.csv`, `transfer.json`, `agents/*.json`) and the runs beside it, and prints a line for each
sentence. Needs nothing but Python.
"""

import csv
import json
import sys
from pathlib import Path
from statistics import median

STUDY, DEFAULT = "memory-dt-study", "memory-dt"


def spread(values, digits=2):
    values = sorted(values)
    shown = [f"{v:.{digits}f}".replace("-", "−") for v in (values[0], values[-1], median(values))]
    return f"{shown[0]} to {shown[1]}, median {shown[2]} ({len(values)})"


def claims(report, kind):
    """Values of each claim, by its number, of the agents of a kind."""
    found = {}
    with open(report / "claims.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["agent"].startswith(f"{kind}/seed-") and "step" not in row["agent"] and row["value"]:
                found.setdefault(int(row["claim"]), []).append((float(row["value"]), row["passes"] == "true"))
    return found


def parts(mediation):
    """Share of an edit's effect that goes along a direction (NIE), and that of the rest (NDE), over all prompts."""
    facets = mediation["facets"]
    both = sum(abs(f["both"] - f["clean"]) for f in facets)
    signed = lambda f, key: (f[key] - f["clean"]) * (1 if f["both"] > f["clean"] else -1)
    return [sum(signed(f, key) for f in facets) / both for key in ("along", "rest")]


def main():
    out = Path(sys.argv[1] if len(sys.argv) > 1 else "runs/study")
    report = out / "report"
    agents = {}
    for path in sorted((report / "agents").glob(f"{STUDY}.seed-*.json")):
        if "step" not in path.name:
            agents[path.name] = json.loads(path.read_text())
    all_of = list(agents.values())
    print(f"{len(all_of)} agents of {STUDY}")

    began = []
    for path in sorted((out / STUDY).glob("seed-*/checkpoints/step-*/state.json")):
        state = json.loads(path.read_text())
        if state.get("look_backs_from") == state["step"]:
            began.append(state["step"])
    print(f"look-backs begin at steps {min(began)} to {max(began)} ({len(began)})")

    of_study, of_default = claims(report, STUDY), claims(report, DEFAULT)
    print(f"double complement, study: {spread([v for v, _ in of_study[9]])}")
    print(f"double complement, default: {spread([v for v, _ in of_default[9]])}")
    for number in (1, 16):
        for kind, found in ((STUDY, of_study), (DEFAULT, of_default)):
            passed = sum(ok for _, ok in found[number])
            print(f"claim {number}, {kind}: {passed} of {len(found[number])}")

    searches = [a["adversaries"][0] for a in all_of]
    assert {(s["moment"], s["mode"]) for s in searches} == {("start", "replacing")}
    best = [s["best"][0] for s in searches]
    print(f"best pair turns all held-out prompts: {sum(b['flips'][1] == 4 for b in best)} of {len(best)}")
    print(f"random pairs: {spread([100 * s['against_random']['random'] for s in searches], 0)} %")
    posts = {"other, (0,5)", "other, (4,2)"}
    print(f"the post's pair is best: {sum(set(b['placements']) == posts for b in best)}")
    same = 0
    for agent, pair in zip(all_of, best):
        beam = next(b for b in agent["beam_start"]["best"] if len(b["placements"]) == 2)
        same += {edit for _, edit in beam["placements"]} == set(pair["placements"])
    print(f"the beam finds it: {same} of {len(best)}")

    transfers = json.loads((report / "transfer.json").read_text())
    kinships = {}
    for row in transfers:
        # Weights as they were before training are no agents.
        if "/step-" in row["chosen_on"] + row["tried_on"]:
            continue
        chosen, tried = (row[key].split("/")[0] for key in ("chosen_on", "tried_on"))
        kinships.setdefault((row["kinship"], chosen, tried), []).append(row)
    for (kinship, chosen, tried), rows in sorted(kinships.items()):
        turned, random = (100 * sum(r[key] for r in rows) / len(rows) for key in ("turned", "random"))
        print(f"transfer {chosen} -> {tried}, {kinship}: {turned:.0f} % of prompts, random {random:.0f} % ({len(rows)})")

    through = [parts(a["results"]["evidence"]["mediation"]) for a in all_of]
    print(f"along the direction (NIE): {spread([t[0] for t in through])}")
    print(f"the rest (NDE): {spread([t[1] for t in through])}")
    second = []
    for search in searches:
        edits = [e for e in search["latent_second"] if set(e["edit"].split(" + ")) == posts]
        second += [parts(e)[0] for e in edits]
    print(f"along the second component: {spread(second)}")

    frames = [r for a in all_of for r in a["reach"].values()]
    shown, prompts = sum(r["shown"] for r in frames), sum(r["of"] for r in frames)
    print(f"edited frames that a state shows: {shown} of {prompts}; in the data: {sum(r['training_frames'] for r in frames)}")
    wrong = [sum(h["wrong"] for h in a["histories"]) for a in all_of]
    tried = {sum(h["histories"] for h in a["histories"]) for a in all_of}
    print(f"detours: {sorted(tried)} tried; wrong by agent: {sorted(wrong)}")
    turn = [100 * sum(f["turn"] for f in a["frames"]) / sum(f["frames"] for f in a["frames"]) for a in all_of]
    print(f"frames of the same layout that turn the answer, put first: {spread(turn, 0)} %")


if __name__ == "__main__":
    main()
