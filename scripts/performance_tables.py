#!/usr/bin/env python3
"""Puts the tables of docs/performance/*.json into docs/performance.md, between its markers.

    python3 scripts/performance_tables.py docs/performance docs/performance.md
"""

import json
import re
import sys
from pathlib import Path


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def spread(record):
    return f"{number(record['median'])} ({number(record['min'])}, {number(record['max'])})"


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def worlds(record):
    rows = []
    for row in record["rows"]:
        name = f"{row['peer']} {row['version']}"
        if "missing" in row:
            rows.append([name, "–", "–", "–", row["missing"]])
        else:
            thousand = {k: v / 1e3 for k, v in row["steps_per_second"].items()}
            rows.append([name, spread(thousand), number(row["ours_steps_per_second"]["median"] / 1e3)]
                        + [spread(row["ratio"]), row["difference"]])  # fmt: skip
    head = ["peer", "thousand steps a second (least, most)", "ours", "ratio (least, most)", "difference"]
    machine = record["machine"]
    words = f"{machine['cpu']}, one core of {machine['cores']}, {machine['memory_gb']} GB"
    return f"{table(head, rows)}\n\n{words}; " + ", ".join(f"{k} {v}" for k, v in record["versions"].items())


def training(records):
    rows = []
    for row in records:
        ours = spread(row["milliseconds"]["ours"])
        memory = row["peak_rss_mb"]
        for name, ratio in row["ratio"].items():
            rows.append([f"`{row['agent']}`, batch {row['batch_size']}", f"`{row['ours']}`", ours, name,
                         spread(row["milliseconds"][name]), spread(ratio),
                         f"{number(memory['ours'])}, {number(memory[name])}"])  # fmt: skip
    head = ["agent", "our device", "ours, ms a step", "PyTorch", "its ms a step", "ratio", "peak MB: ours, PyTorch"]
    return table(head, rows)


def growth(record):
    rows = []
    for row in record["training"]:
        rows.append([f"`{row['device']}`", f"{row['varied']} {row[row['varied']]}", number(row["milliseconds"]),
                     number(row["floor_milliseconds"]), number(row["milliseconds"] / row["floor_milliseconds"]),
                     number(row["peak_rss_mb"])])  # fmt: skip
    peak = record["machine_peak"]
    words = (
        f"Measured for the floor, {peak['threads']} threads: {peak['multiply_adds_per_second'] / 1e9:.0f} billion "
        f"multiply-adds a second in a product of 2,048 × 2,048 matrices, "
        f"{peak['copied_bytes_per_second'] / 1e9:.0f} GB a second read and written in a copy of 256 MB."
    )
    head = ["device", "varied", "ms a step", "floor, ms", "times the floor", "peak MB"]
    many = table(["worlds in a batch", "million steps a second, one core"],
                 [[f"{w['worlds']:,}", number(w["steps_per_second"] / 1e6)] for w in record["worlds"]])  # fmt: skip
    return f"{table(head, rows)}\n\n{words}\n\n{many}"


def main():
    folder, page = Path(sys.argv[1]), Path(sys.argv[2])
    sources = {
        "worlds": (worlds, ["worlds.json"]),
        "training": (training, ["training-cpu.json", "training-libtorch.json"]),
        "growth": (growth, ["growth.json"]),
    }
    tables = {}
    for name, (make, files) in sources.items():
        there = [json.loads((folder / f).read_text()) for f in files if (folder / f).exists()]
        if there:
            merged = sum(there, []) if isinstance(there[0], list) else there[0]
            tables[name] = make(merged)
    text = page.read_text()
    for name, content in tables.items():
        pattern = re.compile(f"(<!-- {name} -->\n).*?(\n<!-- end -->)", re.S)
        text, count = pattern.subn(lambda m, c=content: m[1] + c + m[2], text)
        if count != 1:
            sys.exit(f"{page}: no place for the table `{name}`")
    page.write_text(text)


if __name__ == "__main__":
    main()
