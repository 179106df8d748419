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


def main() -> None:
    path, *kinds = sys.argv[1:] or sys.exit(__doc__)
    verdicts = json.loads(Path(path).read_text())
    kinds = kinds or list(verdicts)
    rules = (Path(__file__).parent.parent / "studies/claims.ron").read_text()
    names = re.findall(r'^ +claim: "(.*)",$', rules, re.M)
    print("| # | claim | " + " | ".join(kinds) + " |")
    print("| --- | --- |" + " --- |" * len(kinds))
    for n, name in enumerate(names):
        cells = [cell(verdicts[kind][n]) for kind in kinds]
        print(f"| {n + 1} | {name} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
