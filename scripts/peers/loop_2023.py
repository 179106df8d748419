#!/usr/bin/env python3
"""The training loop of the 2023 study, rebuilt from its description, to be timed.

What makes its steps what they are is kept: each window is made by itself in Python (an episode by
weighted sampling, a random start, padding at the front by concatenation, frames turned into
one-hot vectors cell by cell), batches are collated by torch's loader without workers, the model is
TransformerLens's `HookedTransformer` between embeddings and three heads, of which only the one for
actions has a loss, AdamW is torch's default one, and the loss is read at every step. Its
evaluation and its logging to a server are left out. Returns-to-go are looked up.

scripts/peers/bench_training.py runs it; needs transformer-lens, torch, numpy and pyarrow.
"""

import json
import random
import resource
import statistics
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, WeightedRandomSampler

VIEW = 7
OBJECTS, COLORS, STATES = 11, 6, 3
CHANNELS = OBJECTS + COLORS + STATES
PADDING_ACTION = 7
# Probability with which a window is the episode's last one; that of the published gated agent.
FROM_END = 0.1476


def one_hot(frames):
    """`[steps, 7, 7, 3]` bytes as `[steps, 7, 7, 20]`, one cell after the other."""
    out = np.zeros((len(frames), VIEW, VIEW, CHANNELS), np.uint8)
    for step in range(len(frames)):
        for x in range(VIEW):
            for y in range(VIEW):
                kind = frames[step, x, y, 0]
                color = frames[step, x, y, 1]
                state = frames[step, x, y, 2]
                out[step, x, y, kind] = 1
                out[step, x, y, OBJECTS + color] = 1
                out[step, x, y, OBJECTS + COLORS + state] = 1
    return torch.from_numpy(out).float()


class Trajectories(Dataset):
    """Windows of `timesteps` steps, made when they are asked for."""

    def __init__(self, folder, timesteps):
        import pyarrow as pa

        steps = pa.ipc.open_file(Path(folder) / "steps.arrow").read_all()
        episodes = pa.ipc.open_file(Path(folder) / "episodes.arrow").read_all()
        acted = steps["action"].is_valid().to_numpy()
        frames = steps["observation"].combine_chunks().flatten().to_numpy().reshape(-1, VIEW, VIEW, 3)[acted]
        actions = steps["action"].drop_null().to_numpy().astype(np.int64)
        of = steps["episode"].to_numpy()[acted]
        cuts = np.flatnonzero(np.diff(of)) + 1
        self.frames, self.actions = np.split(frames, cuts), np.split(actions, cuts)
        self.returns = episodes["return"].to_numpy()
        self.timesteps = timesteps
        self.lengths = np.array([len(a) for a in self.actions])

    def __len__(self):
        return len(self.actions)

    def __getitem__(self, episode):
        length = self.lengths[episode]
        start = random.randint(0, length - 1)
        if random.random() < FROM_END:
            start = max(0, length - self.timesteps)
        frames = self.frames[episode][start : start + self.timesteps]
        actions = self.actions[episode][start : start + self.timesteps]
        times = np.arange(start, start + len(actions))
        missing = self.timesteps - len(actions)

        def padded(values, fill):
            if missing == 0:
                return values
            return np.concatenate([np.full((missing, *values.shape[1:]), fill, values.dtype), values])

        rewards = np.zeros((len(actions), 1), np.float32)
        # The original hands all of these over, the model reads four.
        return (
            one_hot(padded(frames, 0)),
            torch.from_numpy(padded(actions, -10)),
            torch.from_numpy(padded(rewards, 0)),
            torch.from_numpy(padded(np.zeros(len(actions)), 2) > 0),
            torch.full((self.timesteps, 1), float(self.returns[episode])),
            torch.from_numpy(padded(times, 0)),
            torch.from_numpy(padded(np.ones(len(actions), bool), False)),
        )


class DecisionTransformer(nn.Module):
    def __init__(self, config, max_steps):
        super().__init__()
        from transformer_lens import HookedTransformer, HookedTransformerConfig

        d = config["d_model"]
        self.transformer = HookedTransformer(
            HookedTransformerConfig(
                n_layers=config["n_layers"],
                d_model=d,
                d_head=d // config["n_heads"],
                n_heads=config["n_heads"],
                d_mlp=config["d_mlp"],
                n_ctx=config["n_ctx"],
                act_fn=config["activation"].lower(),
                gated_mlp=config["gated_mlp"],
                normalization_type="LN",
                attention_dir="causal",
                d_vocab=d,
                d_vocab_out=d,
                device="cpu",
            )
        )
        self.transformer.embed = nn.Identity()
        self.transformer.unembed = nn.Identity()
        self.places = nn.Parameter(0.02 * torch.randn(config["n_ctx"], d))
        self.states = nn.Linear(VIEW * VIEW * CHANNELS, d, bias=False)
        self.actions = nn.Embedding(PADDING_ACTION + 1, d)
        self.returns = nn.Linear(1, d, bias=False)
        self.times = nn.Embedding(max_steps + 1, d)
        self.to_action = nn.Linear(d, PADDING_ACTION)
        self.to_state = nn.Linear(d, VIEW * VIEW * CHANNELS)
        self.to_reward = nn.Linear(d, 1)

    def forward(self, frames, actions, returns, times):
        batch, steps = times.shape
        # Channel, column, row: the order of the vocabulary.
        flat = frames.permute(0, 1, 4, 2, 3).reshape(batch * steps, -1).contiguous()
        states = self.states(flat).view(batch, steps, -1)
        times = self.times(times)
        tokens = torch.zeros(batch, 3 * steps - 1, states.shape[-1])
        tokens[:, 0::3] = self.returns(returns) + times
        tokens[:, 1::3] = states + times
        tokens[:, 2::3] = self.actions(actions[:, :-1]) + times[:, :-1]
        x = self.transformer(tokens + self.places, start_at_layer=0)
        x = torch.cat([x, x[:, -2:-1]], 1).view(batch, steps, 3, -1)
        return self.to_state(x[:, :, 2]), self.to_action(x[:, :, 1]), self.to_reward(x[:, :, 2])


def run(config, folder, steps, threads):
    """Times steps; the record as bench_training.py's peers print it."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    size = config["training"]["batch_size"]
    data = Trajectories(folder, (config["model"]["n_ctx"] + 1) // 3)
    sampler = WeightedRandomSampler(data.lengths / data.lengths.sum(), len(data), replacement=True)
    loader = DataLoader(data, size, sampler=sampler, drop_last=True)
    model = DecisionTransformer(config["model"], 1000)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)
    loss_of = nn.CrossEntropyLoss()
    batches = iter(loader)
    times = []
    for n in range(steps + max(3, steps // 5)):
        start = time.perf_counter()
        try:
            frames, actions, _, _, returns, at, _ = next(batches)
        except StopIteration:
            batches = iter(loader)
            frames, actions, _, _, returns, at, _ = next(batches)
        actions[actions == -10] = PADDING_ACTION
        optimizer.zero_grad()
        _, logits, _ = model(frames, actions, returns, at)
        logits, targets = logits.flatten(0, 1), actions.flatten()
        loss = loss_of(logits[targets != PADDING_ACTION], targets[targets != PADDING_ACTION])
        loss.backward()
        optimizer.step()
        loss.item()
        if n >= max(3, steps // 5):
            times.append(time.perf_counter() - start)
    median = statistics.median(times)
    return {
        "milliseconds": 1e3 * median,
        "windows_per_second": size / median,
        "parameters": sum(p.numel() for p in model.parameters()),
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "torch": torch.__version__,
    }


if __name__ == "__main__":
    import sys

    config, folder, steps, threads = sys.argv[1:]
    print(json.dumps(run(json.loads(config), folder, int(steps), int(threads))))
