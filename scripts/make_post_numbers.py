#!/usr/bin/env python3
"""Writes studies/post-numbers.ron: the post's published numbers that figures and report show.

    python3 scripts/make_post_numbers.py memorydt_post_figures.json > studies/post-numbers.ron

The input holds the numbers of "Features and Adversaries in MemoryDT" (2023) by figure: exact
where the plots' data survive, read off the pictures elsewhere (good to about 0.05). Needs nothing
but Python's standard library.
"""

import json
import sys
from pathlib import Path

data = json.loads(Path(sys.argv[1]).read_text())
bars = data["fig17_bars_MemoryDT"]["values"]
points = data["fig18_digitized_MemoryDT"]["values"]
curves = data["fig19_digitized_MemoryDT"]["values"]
targets = data["target_complement_dev_png_MemoryDT"]
gated = data["fig20_bars_MemoryDT_GatedMLP"]["values"]
norms = data["fig5_l2_norms_MemoryDT"]["values"]
first, second, both, flip = "Complement (0,5)", "Complement (4,2)", "Complement (0,5), (4,2)", "Instruction Flipped"


def pooled(edit: str) -> float:
    part = whole = 0.0
    for facet in points.values():
        full = facet[flip]["y"] - facet["Original"]["y"]
        part += (facet[edit]["y"] - facet["Original"]["y"]) * (1 if full > 0 else -1)
        whole += abs(full)
    return part / whole


def restored(facet: dict, edit: str) -> float:
    return (facet[edit]["y"] - facet["Original"]["y"]) / (facet[flip]["y"] - facet["Original"]["y"])


def share(holds) -> float:
    return sum(holds(f) for f in points.values()) / len(points)


claims = {
    5: data["fig9_instruction_pca_MemoryDT"].get("explained_variance_pct", [70.66])[0] / 100,
    7: sum(data["fig12_target_pca_MemoryDT"]["explained_variance_pct"]) / 100,
    8: sum(v[1] for v in targets["values"].values()) / len(targets["values"]),
    9: pooled(both),
    10: (pooled(first) + pooled(second)) / 2,
    11: share(lambda f: abs(restored(f, both) - restored(f, first) - restored(f, second)) > 0.15),
    12: share(lambda f: abs(restored(f, first) - restored(f, second)) > 0.15),
}


def number(x: float) -> str:
    text = f"{x:.4f}".rstrip("0").rstrip(".")
    return text + ".0" if "." not in text else text


def table(rows: dict) -> str:
    return "{\n" + "".join(f"        {json.dumps(k)}: {v},\n" for k, v in rows.items()) + "    }"


def grid(rows) -> str:
    return "[" + ", ".join("[" + ", ".join(number(v) for v in row) + "]" for row in rows) + "]"


def by_edit(facet: dict) -> str:
    return "{" + ", ".join(f"{json.dumps(e)}: {number(v)}" for e, v in facet.items()) + "}"


def point(p: dict) -> str:
    return f"({number(p['x'])}, {number(p['y'])})"


def by_point(facet: dict) -> str:
    return "{" + ", ".join(f"{json.dumps(e)}: {point(p)}" for e, p in facet.items()) + "}"


def both_maps(figure: dict) -> str:
    return f"({grid(figure['key'])}, {grid(figure['ball'])})"


def section(comment: str, name: str, rows: dict) -> None:
    print(f"    // {comment}\n    {name}: {table(rows)},")


maps = {
    "instruction 1": "fig10_instruction_PC1_feature_map",
    "instruction 2": "fig11_instruction_PC2_feature_map",
    "target 1": "fig13_target_PC1_feature_map",
    "target 2": "fig13_target_PC2_feature_map",
}
aligned = {
    facet: {e: restored(values, e) for e in (first, second, both, flip)}
    for facet, values in points.items()
}
print('// Published numbers of "Features and Adversaries in MemoryDT" (2023), for comparison.')
print("// Written by scripts/make_post_numbers.py; digitised points are good to about 0.05.")
print("(")
of_claims = ", ".join(f"{k}: {number(v)}" for k, v in claims.items())
print("    // Values of claims' statistics that follow from the numbers below.")
print(f"    claims: {{{of_claims}}},")
edits = {f: by_edit(v) for f, v in bars.items()}
section("Figure 17, as published: the actions of its prompts were misaligned.", "restored_published", edits)
edits = {f: by_edit(v) for f, v in aligned.items()}
section("The same from Figure 18's points, whose actions were aligned.", "restored_aligned", edits)
edits = {f: by_point(v) for f, v in points.items()}
section("Figure 18: projection of the first state token, logit difference.", "projections", edits)
edits = {f: by_edit(v) for f, v in curves.items()}
section("Figure 19.", "direct_intervention", edits)
edits = {f: by_edit(v) for f, v in gated.items()}
section("Figure 20, as published: MemoryDT-GatedMLP.", "gated_published", edits)
edits = {f: by_edit(dict(zip(targets["order"], v))) for f, v in targets["values"].items()}
section("Unpublished figure of the notebooks: complements of the targets.", "target_complements", edits)
print("    // Figures 9 and 12: shares of variance of the first two components.")
print('    explained_variance: {"instruction": [0.7066, 0.1446], "target": [0.4545, 0.3824]},')
edits = {name: both_maps(data[key]) for name, key in maps.items()}
section("Figures 10, 11 and 13: keys, balls; rows from far to near.", "feature_maps", edits)
section("Figure 5: lengths of all items.", "norms", {k: number(v) for k, v in norms.items()})
print(")")
