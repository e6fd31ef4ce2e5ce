"""Training the finder: the decoder, then all but the encoder's first blocks, then at full size; resumable."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from lab.train.finder_network import FinderNetwork
from lab.train.finder_scenes import scene
from lab.train.finder_stock import Stock
from lab.train.finder_targets import Targets, loss, targets
from services.embedder.prepare import normalise

THREADS = 1
"""Beside it one thread makes scenes. Two of torch's wait for each other on a machine that has other work."""
BATCH = 12
RATE = 2e-3
ENCODER_RATE = 0.25
"""Of the decoder's."""
STILL_BLOCKS = 3
"""Of the encoder's first blocks: edges and textures, which ImageNet has taught them."""
EVERY = 50
"""Steps between two checkpoints."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps of a batch each: `decoder` with the encoder still and `small` pixels a side, `both`, then `full` size."""

    decoder: int = 50
    both: int = 1700
    full: int = 400
    small: int = 192
    side: int = 256

    @property
    def steps(self) -> int:
        return self.decoder + self.both + self.full

    def size(self, step: int) -> int:
        return self.small if step < self.decoder + self.both else self.side


def train(stock: Stock, plan: Plan, checkpoint: Path, start: FinderNetwork | None = None) -> FinderNetwork:
    """The trained network; `start` is another run's network, whose weights this one begins with.

    Scenes follow from the step's number alone, so a run that goes on sees what it would have seen.
    """
    torch.manual_seed(0)
    torch.set_num_threads(THREADS)
    network = FinderNetwork()
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's own
    encoder = network.encoder_parameters()
    known = {id(parameter) for parameter in encoder}
    decoder = [parameter for parameter in network.parameters() if id(parameter) not in known]
    optimizer = torch.optim.AdamW(
        [{"params": decoder, "share": 1.0}, {"params": encoder, "share": ENCODER_RATE}], RATE, weight_decay=1e-3
    )
    done = 0
    if checkpoint.is_file():
        saved = torch.load(checkpoint, weights_only=True)
        done = saved["steps"]
        network.load_state_dict(saved["network"])
        optimizer.load_state_dict(saved["optimizer"])
    elif start:
        network.load_state_dict(start.state_dict())
    began, losses = time.monotonic(), []
    for step, pictures, truth in _batches(stock, plan, done):
        _thaw(network, step >= plan.decoder)
        for group in optimizer.param_groups:
            group["lr"] = RATE * group["share"] * _pace(step, plan)
        with torch.autocast("cpu", torch.bfloat16):
            said = network(pictures.contiguous(memory_format=torch.channels_last))
        cost = loss(said, truth)
        optimizer.zero_grad()
        cost.backward()  # type: ignore[no-untyped-call]  # torch's own
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimizer.step()
        losses.append(cost.item())
        if (step + 1) % EVERY == 0 or step + 1 == plan.steps:
            checkpoint.parent.mkdir(parents=True, exist_ok=True)
            unfinished = checkpoint.with_suffix(".part")
            state = {"steps": step + 1, "network": network.state_dict(), "optimizer": optimizer.state_dict()}
            torch.save(state, unfinished)
            unfinished.replace(checkpoint)
            seconds = time.monotonic() - began
            recent = float(np.mean(losses[-EVERY:]))
            print(f"finder: step {step + 1} of {plan.steps}, loss {recent:.3f}, {seconds:.0f} s", flush=True)
    network.eval()
    return network


def _pace(step: int, plan: Plan) -> float:
    """Up over the first 50 steps, then down as half a cosine."""
    return min(1.0, (step + 1) / 50) * (0.02 + 0.98 * (0.5 + 0.5 * math.cos(math.pi * step / plan.steps)))


def _thaw(network: FinderNetwork, whole: bool) -> None:
    """Train the decoder, and with `whole` the encoder's later blocks; its batch norms keep their statistics."""
    network.train()
    network.stem.eval().requires_grad_(False)
    for number, block in enumerate(network.blocks):
        block.eval().requires_grad_(whole and number >= STILL_BLOCKS)


def _batches(stock: Stock, plan: Plan, first: int) -> Iterator[tuple[int, Tensor, Targets]]:
    """The next batch is made while the last one is learned from."""
    with ThreadPoolExecutor(1) as pool:
        following = pool.submit(batch, stock, first, plan.size(first))
        for step in range(first, plan.steps):
            pictures, truth = following.result()
            if step + 1 < plan.steps:
                following = pool.submit(batch, stock, step + 1, plan.size(step + 1))
            yield step, pictures, truth


def batch(stock: Stock, step: int, side: int) -> tuple[Tensor, Targets]:
    """float32 [BATCH, 3, side, side] and the truth."""
    random = np.random.default_rng([17, step])
    scenes = [scene(random, stock, side) for _ in range(BATCH)]
    pictures = np.stack([normalise(Image.fromarray(one.rgb)) for one in scenes])
    return torch.from_numpy(pictures), targets([one.labels for one in scenes])
