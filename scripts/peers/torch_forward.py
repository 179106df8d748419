#!/usr/bin/env python3
"""Runs an agent in plain PyTorch, under the original repository's formulas.

    from torch_forward import load, forward
    weights, record = load("runs/memory-dt/seed-0")
    out = forward(weights, record["model"], returns, frames, actions, times)
    out["logits"]            # [batch, timesteps, actions]; every activation has a hook point's name

    python3 scripts/peers/torch_forward.py runs/memory-dt/seed-0 windows.safetensors --out golden.safetensors
    cargo run -p dt-train -- parity runs/memory-dt/seed-0 golden.safetensors

The second form takes `wT.in.rtg`, `.actions`, `.timesteps`, `.states_onehot` of a file of windows
and adds every activation as `wT.out.*`.

Returns and times are [batch, timesteps], frames [batch, timesteps, 980] (one-hot by channel, column
and row, or any sum of items), actions [batch, timesteps] (the last one is not read; 7 is filling).
Weights on disk have all aids folded in, so that nothing else is needed. Needs torch, safetensors.
"""

import argparse
import json
import math
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

ACTIVATIONS = {
    "Relu": F.relu,
    "Gelu": F.gelu,
    "Silu": F.silu,
    "GeluNew": lambda x: F.gelu(x, approximate="tanh"),
    "GeluFast": lambda x: F.gelu(x, approximate="tanh"),
}


def load(folder):
    """Weights and record of an agent's folder."""
    folder = Path(folder)
    record = json.loads((folder / "agent.json").read_text())
    return load_file(folder / "agent.safetensors"), record


def norm(x, weights, name, config):
    """Layer norm as configured: with parameters, without, or none."""
    if config["layer_norm"] == "Off":
        return x
    d = (x.shape[-1],)
    if config["layer_norm"] == "LNPre":
        return F.layer_norm(x, d)
    return F.layer_norm(x, d, weights[f"{name}.w"], weights[f"{name}.b"])


def forward(weights, config, returns, frames, actions, times):
    """Every activation of a batch of windows, by hook point, and `logits`."""
    if config["time_embedding"] != "Embedding" or config["activation"] == "SoluLn":
        raise ValueError("this script knows time tables and plain activations only")
    out = {}

    def keep(name, value):
        out[name] = value
        return value

    batch, steps = returns.shape
    states = keep("hook_state_embed", frames @ weights["state_embedding.weight"].T)
    asked = keep("hook_rtg_embed", returns[..., None] @ weights["reward_embedding.0.weight"].T)
    acts = keep("hook_action_embed", weights["action_embedding.0.weight"][actions])
    time = weights["time_embedding.weight"][times]
    tokens = torch.stack([asked + time, states + time, acts + time], 2)
    tokens = keep("hook_embed", tokens.reshape(batch, 3 * steps, -1)[:, : 3 * steps - 1])
    seq = tokens.shape[1]
    places = weights["transformer.pos_embed.W_pos"][:seq]
    x = tokens + keep("hook_pos_embed", places.expand_as(tokens))
    hidden = torch.triu(torch.ones(seq, seq, dtype=torch.bool), 1)
    for layer in range(config["n_layers"]):
        ours, theirs = f"blocks.{layer}.", f"transformer.blocks.{layer}."
        w = lambda name: weights[theirs + name]  # noqa: E731
        x = keep(ours + "hook_resid_pre", x)
        h = keep(ours + "ln1.hook_normalized", norm(x, weights, theirs + "ln1", config))
        q, k, v = (
            keep(
                ours + f"attn.hook_{part.lower()}",
                torch.einsum("bsd,hde->bshe", h, w(f"attn.W_{part}")) + w(f"attn.b_{part}"),
            )
            for part in "QKV"
        )
        scores = torch.einsum("bqhe,bkhe->bhqk", q, k) / math.sqrt(q.shape[-1])
        scores = keep(ours + "attn.hook_attn_scores", scores.masked_fill(hidden, -math.inf))
        pattern = keep(ours + "attn.hook_pattern", scores.softmax(-1))
        z = keep(ours + "attn.hook_z", torch.einsum("bhqk,bkhe->bqhe", pattern, v))
        attention = torch.einsum("bqhe,hed->bqd", z, w("attn.W_O")) + w("attn.b_O")
        x = keep(ours + "hook_resid_mid", x + keep(ours + "hook_attn_out", attention))
        h = keep(ours + "ln2.hook_normalized", norm(x, weights, theirs + "ln2", config))
        act = ACTIVATIONS[config["activation"]]
        if config["gated_mlp"]:
            pre = keep(ours + "mlp.hook_pre", h @ w("mlp.W_gate"))
            post = act(pre) * (h @ w("mlp.W_in")) + w("mlp.b_in")
        else:
            pre = keep(ours + "mlp.hook_pre", h @ w("mlp.W_in") + w("mlp.b_in"))
            post = act(pre)
        keep(ours + "mlp.hook_post", post)
        mlp = keep(ours + "hook_mlp_out", post @ w("mlp.W_out") + w("mlp.b_out"))
        x = keep(ours + "hook_resid_post", x + mlp)
    x = keep("ln_final.hook_normalized", norm(x, weights, "transformer.ln_final", config))
    head = weights["action_predictor.weight"], weights["action_predictor.bias"]
    out["logits"] = x[:, 1::3] @ head[0].T + head[1]
    return out


def record_windows(folder, windows):
    """The tensors of a file of windows, and what the agent in `folder` makes of them."""
    weights, record = load(folder)
    prefix = next(name.removesuffix(".in.rtg") for name in windows if name.endswith(".in.rtg"))
    get = {name: windows[f"{prefix}.in.{name}"] for name in ("rtg", "actions", "timesteps", "states_onehot")}
    # Recorded as [column, row, channel], embedded by channel first.
    frames = get["states_onehot"].float().movedim(-1, -3).flatten(-3)
    actions = F.pad(get["actions"].long(), (0, 1), value=record["sizes"]["n_actions"])
    with torch.no_grad():
        out = forward(weights, record["model"], get["rtg"], frames, actions, get["timesteps"].long())
    out["action_logits"] = out.pop("logits")
    kept = {name: value for name, value in windows.items() if ".in." in name}
    return kept | {f"{prefix}.out.{name}": value.clone().contiguous() for name, value in out.items()}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("run", help="folder with agent.safetensors and agent.json")
    parser.add_argument("windows", help="safetensors file of windows")
    parser.add_argument("--out", required=True, help="where to write windows and activations")
    args = parser.parse_args()
    golden = record_windows(args.run, load_file(args.windows))
    save_file(golden, args.out)
    print(f"{args.out}: {len(golden)} tensors")
