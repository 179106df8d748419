#!/usr/bin/env python3
"""The verdicts of a report as a table in Markdown.

    python3 scripts/claims_table.py runs/study/report/claims.json [KIND ...]

A row for each claim, a column for each kind of agents (all of them, or those named): verdict, how
many pass, the median of the statistic and its interval. Needs nothing but Python.
"""

import json
import re
import sys
from pathlib import Path


def number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}".replace("-", "−")


def cell(summary: dict) -> str:
    if summary["verdict"] is None:
        return "not judged"
    text = f"**{summary['verdict']}** {number(summary['median'])}"
    if summary["judged"] == 1:
        return text
    if summary["interval"]:
        low, high = summary["interval"]["low"], summary["interval"]["high"]
        text += f" [{number(low)}, {number(high)}]"
    share = summary["share"]
    return (f"{text}; {summary['passes']} of {summary['judged']} pass "
            f"[{share['low']:.2f}, {share['high']:.2f}]")


def in_cell(text: str) -> str:
    """A name as a cell of the table."""
    return " ".join(text.split()).replace("|", "\\|")


def main() -> None:
    path, *kinds = sys.argv[1:] or sys.exit(__doc__)
    verdicts = json.loads(Path(path).read_text(encoding="utf-8"))
    kinds = kinds or list(verdicts)
    for kind in kinds:
        if kind not in verdicts:
            sys.exit(f"{path}: no kind is called `{kind}`; there are {', '.join(verdicts)}")
    rules = (Path(__file__).parent.parent / "studies/claims.ron").read_text(encoding="utf-8")
    # By number: a report may be judged by other claims, or by some of them.
    names = dict(re.findall(r'^ +id: (\d+),\n +claim: "(.*)",$', rules, re.M))
    found = {kind: {str(summary["id"]): summary for summary in verdicts[kind]} for kind in kinds}
    numbers = sorted({n for kind in kinds for n in found[kind]}, key=int)
    print("| # | claim | " + " | ".join(map(in_cell, kinds)) + " |")
    print("| --- | --- |" + " --- |" * len(kinds))
    for n in numbers:
        cells = [cell(found[kind][n]) if n in found[kind] else "–" for kind in kinds]
        print(f"| {n} | {in_cell(names.get(n, '–'))} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
