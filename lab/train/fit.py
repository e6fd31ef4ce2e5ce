"""Training the tail of the network on cached maps, by supervised contrastive loss; resumable."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from pytorch_metric_learning.losses import SupConLoss
from torch import Tensor, nn

from lab.datasets import TYPES
from lab.train.batches import Batch, Batches
from lab.train.maps import Maps
from services.embedder.lite_network import HEAD_CHANNELS, LiteNetwork, gem
from services.embedder.loupe_network import FROZEN_BLOCKS

GEM_P = 3.0
Weights = Mapping[str, Tensor]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How long, and how fast."""

    steps: int = 300
    batch: int = 96
    rate: float = 1e-4
    temperature: float = 0.1
    style: float = 0.5
    """Weight of the loss over styles against the loss over pieces."""
    type: float = 0.5
    """Weight of the cross entropy of the type."""
    averaged: float = 0.98
    """The weights kept are the mean of each step's with this decay."""
    seed: int = 1


class Tail(nn.Module):
    """[N, 120, h, w] -> unit float32 [N, 1280]: what is trained. Batch norm stays as ImageNet made it."""

    def __init__(self) -> None:
        super().__init__()
        trunk = LiteNetwork(GEM_P).trunk
        self.blocks = nn.ModuleList(trunk._blocks[FROZEN_BLOCKS:])
        self.conv_head, self.bn1 = trunk._conv_head, trunk._bn1
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.requires_grad_(False)
        self.eval()

    def forward(self, maps: Tensor) -> Tensor:
        for block in self.blocks:
            maps = block(maps)
        features = nn.functional.relu6(self.bn1(self.conv_head(maps)))
        return nn.functional.normalize(gem(features, GEM_P), dim=1)

    def trunk_weights(self) -> dict[str, Tensor]:
        """The weights by their names in the trunk."""
        names = {f"blocks.{n}.": f"_blocks.{n + FROZEN_BLOCKS}." for n in range(len(self.blocks))}
        names |= {"conv_head.": "_conv_head.", "bn1.": "_bn1."}
        return {
            names[old] + key.removeprefix(old): value
            for key, value in self.state_dict().items()
            for old in names
            if key.startswith(old)
        }


def fit(maps: Maps, batches: Batches, recipe: Recipe, checkpoint: Path, saved_every: int = 25) -> dict[str, Tensor]:
    """The trained weights of the trunk's tail by name. Goes on from `checkpoint`, written every so many steps.

    The checkpoint's name must change with whatever the run depends on. Deterministic but for the order of sums.
    """
    torch.manual_seed(recipe.seed)
    tail, head = Tail(), nn.Linear(HEAD_CHANNELS, len(TYPES))
    tail = tail.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    trained = [weight for weight in tail.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(
        [{"params": trained, "lr": recipe.rate}, {"params": head.parameters(), "lr": 10 * recipe.rate}],
        weight_decay=1e-4,
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _pace(step, recipe.steps))
    averaging = torch.optim.swa_utils.get_ema_multi_avg_fn(recipe.averaged)  # type: ignore[no-untyped-call]
    mean = torch.optim.swa_utils.AveragedModel(tail, multi_avg_fn=averaging)
    parts = {"tail": tail, "head": head, "optimizer": optimizer, "schedule": schedule, "mean": mean}
    first = _resume(parts, checkpoint)
    began = time.monotonic()
    for step in range(first, recipe.steps):
        batch = batches(step)
        vectors = tail(torch.from_numpy(maps[batch.rows]).float().to(memory_format=torch.channels_last))
        loss = loss_of(vectors, head(vectors * math.sqrt(HEAD_CHANNELS)), batch, recipe)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch's own is not typed
        nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        schedule.step()
        mean.update_parameters(tail)
        if (step + 1) % saved_every == 0 or step + 1 == recipe.steps:
            _save(parts, checkpoint, step + 1)
            pace = (time.monotonic() - began) / (step + 1 - first)
            left = pace * (recipe.steps - step - 1)
            print(f"step {step + 1}: loss {loss.item():.3f}, {left:.0f} s left", flush=True)
    tail.load_state_dict(mean.module.state_dict())
    return {name: weight.detach().clone() for name, weight in tail.trunk_weights().items()}


def loss_of(vectors: Tensor, logits: Tensor, batch: Batch, recipe: Recipe) -> Tensor:
    """Supervised contrastive loss (Khosla et al. 2020) over pieces and over styles, and cross entropy of the type.

    Pieces of one style are neither alike nor unlike as pieces unless both are told apart; pictures whose style is not
    known take no part in that of styles unless they are of another collection, which batches see to.
    """
    contrastive = SupConLoss(recipe.temperature)
    piece, style, kind = (torch.from_numpy(labels) for labels in (batch.piece, batch.style, batch.type))
    same_piece = piece[:, None] == piece[None]
    known = style >= 0
    same_style = (style[:, None] == style[None]) & known[:, None]
    told_apart = torch.from_numpy(batch.told_apart)
    unlike = ~same_piece & (~same_style | (told_apart[:, None] & told_apart[None]))
    other = ~torch.eye(len(piece), dtype=torch.bool)
    loss: Tensor = contrastive(vectors, indices_tuple=_pairs(same_piece & other, unlike))
    if known.any():
        alike = same_style & ~same_piece
        loss = loss + recipe.style * contrastive(vectors, indices_tuple=_pairs(alike, ~same_style & known[:, None]))
    return loss + recipe.type * nn.functional.cross_entropy(logits, kind, ignore_index=-1, label_smoothing=0.1)


def _pairs(alike: Tensor, unlike: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    return (*torch.where(alike), *torch.where(unlike))  # type: ignore[return-value]  # two each


def _pace(step: int, steps: int) -> float:
    """A warm-up of a twentieth, then half a cosine down to 2%."""
    warm = max(1, steps // 20)
    if step < warm:
        return (step + 1) / warm
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))


def _resume(parts: Mapping[str, object], checkpoint: Path) -> int:
    if not checkpoint.is_file():
        return 0
    saved = torch.load(checkpoint, weights_only=True)
    for name, part in parts.items():
        part.load_state_dict(saved[name])  # type: ignore[attr-defined]  # modules and optimizers have it
    print(f"going on from step {saved['step']} of {checkpoint}", flush=True)
    return int(saved["step"])


def _save(parts: Mapping[str, object], checkpoint: Path, step: int) -> None:
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    states = {name: part.state_dict() for name, part in parts.items()}  # type: ignore[attr-defined]  # as above
    unfinished = checkpoint.with_suffix(".part")
    torch.save(states | {"step": step}, unfinished)
    unfinished.replace(checkpoint)
