#!/usr/bin/env python3
"""Makes crates/dt-train/tests/data/parity: a small gated agent and what PyTorch makes of it.

    python3 scripts/make_parity_fixture.py

Writes agent.json, agent.safetensors (random weights, gains and biases included) and
golden.safetensors: inputs `w5.in.*`, every activation `w5.out.HOOK_POINT`, the logits, and the
gradients `w5.grad.PARAMETER` of the mean cross-entropy. Needs torch, safetensors, numpy.
"""

import json
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch_forward import forward

OUT = Path(__file__).resolve().parent.parent / "crates/dt-train/tests/data/parity"
CONFIG = {
    "n_layers": 2, "n_heads": 2, "d_model": 16, "d_mlp": 24, "n_ctx": 14, "layer_norm": "LN",
    "gated_mlp": True, "activation": "Relu", "time_embedding": "Embedding",
    "state_embedding": "Grid", "padding": "Aligned", "initial_std": 0.02,
    "centre_observations": False, "state_bias": False, "return_to_go": "Raw",
}  # fmt: skip
BATCH, STEPS, VIEW, MAX_STEPS, ACTIONS = 3, 5, 3, 20, 7


def weights():
    d, heads, mlp = CONFIG["d_model"], CONFIG["n_heads"], CONFIG["d_mlp"]
    head = d // heads
    shapes = {
        "state_embedding.weight": (d, 20 * VIEW * VIEW),
        "action_embedding.0.weight": (ACTIONS + 1, d),
        "reward_embedding.0.weight": (d, 1),
        "time_embedding.weight": (MAX_STEPS + 1, d),
        "transformer.pos_embed.W_pos": (CONFIG["n_ctx"], d),
        "transformer.ln_final.w": (d,),
        "transformer.ln_final.b": (d,),
        "action_predictor.weight": (ACTIONS, d),
        "action_predictor.bias": (ACTIONS,),
    }
    for layer in range(CONFIG["n_layers"]):
        of = f"transformer.blocks.{layer}."
        for name in ("ln1", "ln2"):
            shapes |= {f"{of}{name}.w": (d,), f"{of}{name}.b": (d,)}
        for part in "QKV":
            shapes |= {f"{of}attn.W_{part}": (heads, d, head), f"{of}attn.b_{part}": (heads, head)}
        shapes |= {
            f"{of}attn.W_O": (heads, head, d), f"{of}attn.b_O": (d,),
            f"{of}mlp.W_in": (d, mlp), f"{of}mlp.W_gate": (d, mlp), f"{of}mlp.b_in": (mlp,),
            f"{of}mlp.W_out": (mlp, d), f"{of}mlp.b_out": (d,),
        }  # fmt: skip
    draw = torch.Generator().manual_seed(7)
    out = {}
    for name, shape in shapes.items():
        values = 0.3 * torch.randn(shape, generator=draw)
        out[name] = values + 1.0 if name.endswith((".w",)) else values
    return out


def main():
    torch.set_num_threads(1)
    OUT.mkdir(parents=True, exist_ok=True)
    w = weights()
    save_file(w, OUT / "agent.safetensors")
    env = {"id": "small", "world": {"Memory": {"size": 7}}, "view_size": VIEW, "max_steps": MAX_STEPS}
    sizes = {"view_size": VIEW, "max_steps": MAX_STEPS, "n_actions": ACTIONS}
    record = {"format": 1, "name": "parity", "model": CONFIG, "trained_with": CONFIG, "sizes": sizes,
              "env": env, "step": 0, "seed": None, "dataset_blake3": None}  # fmt: skip
    (OUT / "agent.json").write_text(json.dumps(record, indent=2) + "\n")

    draw = torch.Generator().manual_seed(8)
    cells = VIEW * VIEW
    frames = torch.zeros(BATCH, STEPS, 20, cells)
    for channels in (range(0, 11), range(11, 17), range(17, 20)):
        picked = torch.randint(channels.start, channels.stop, (BATCH, STEPS, cells), generator=draw)
        frames.scatter_(2, picked[:, :, None], 1.0)
    inputs = {
        "rtg": torch.rand(BATCH, STEPS, generator=draw),
        "actions": torch.randint(0, ACTIONS, (BATCH, STEPS - 1), generator=draw, dtype=torch.int32),
        "timesteps": torch.arange(STEPS, dtype=torch.int32).repeat(BATCH, 1),
        "targets": torch.randint(0, ACTIONS, (BATCH, STEPS), generator=draw, dtype=torch.int32),
        # [batch, step, column, row, channel]
        "states_onehot": frames.reshape(BATCH, STEPS, 20, VIEW, VIEW).permute(0, 1, 3, 4, 2).to(torch.uint8).contiguous(),
    }
    leaves = {name: value.clone().requires_grad_() for name, value in w.items()}
    actions = torch.cat([inputs["actions"], torch.full((BATCH, 1), ACTIONS, dtype=torch.int32)], 1)
    out = forward(leaves, CONFIG, inputs["rtg"], frames.reshape(BATCH, STEPS, -1), actions.long(), inputs["timesteps"].long())
    loss = F.cross_entropy(out["logits"].reshape(-1, ACTIONS), inputs["targets"].reshape(-1).long())
    loss.backward()
    golden = {f"w{STEPS}.in.{name}": value for name, value in inputs.items()}
    golden |= {f"w{STEPS}.out.{name}": value.detach().clone().contiguous() for name, value in out.items() if name != "logits"}
    golden[f"w{STEPS}.out.action_logits"] = out["logits"].detach().contiguous()
    golden |= {f"w{STEPS}.grad.{name}": leaf.grad for name, leaf in leaves.items()}
    save_file(golden, OUT / "golden.safetensors", metadata={"torch": torch.__version__})
    print(f"loss {loss.item():.6f}, {len(golden)} tensors in {OUT}")


if __name__ == "__main__":
    main()
