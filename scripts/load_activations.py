#!/usr/bin/env python3
"""Reads what `dt-analysis cache` wrote.

    python3 scripts/load_activations.py activations.safetensors     # lists what is there

    from load_activations import load
    activations, prompts = load("activations.safetensors")
    activations["blocks.0.hook_resid_post"]   # numpy array [prompt, token, d_model]
    prompts[0]                                # {"facet": "Key, Key-Ball, 0.892", "edit": "Original"}

Needs numpy and safetensors.
"""

import json
import sys

from safetensors import safe_open


def load(path):
    """Activations by hook point (and `logits`), and the prompt of each row."""
    with safe_open(path, framework="numpy") as file:
        said = file.metadata()
        activations = {name: file.get_tensor(name) for name in file.keys()}
    rows = zip(json.loads(said["facets"]), json.loads(said["edits"]))
    return activations, [{"facet": facet, "edit": edit} for facet, edit in rows]


if __name__ == "__main__":
    arrays, prompts = load(sys.argv[1])
    print(f"{len(prompts)} prompts")
    for name, array in arrays.items():
        print(f"{name:<40}{array.shape}")
