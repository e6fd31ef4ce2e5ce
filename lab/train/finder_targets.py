"""What the finder should say of a scene, and what it costs to say something else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from lab.train.finder_network import Maps
from lab.train.finder_stock import Levels

STRIDE = 4
EDGE = 4.0
"""How much more a pixel within 2 of an outline counts: there the masks were wrong, and thin pieces are all outline."""
Floats = npt.NDArray[np.float32]


class Targets(NamedTuple):
    """As `Maps`; `weights` [N, 1, S/4, S/4] are of the offsets: 0 on the ground, each piece's sum to one."""

    foreground: Tensor
    centres: Tensor
    offsets: Tensor
    weights: Tensor


def targets(batch: Sequence[Levels]) -> Targets:
    """From labels uint8 [S, S] each."""
    foreground = np.stack([labels > 0 for labels in batch])[:, None].astype(np.float32)
    rest = [np.stack(part) for part in zip(*(_of_pieces(labels) for labels in batch), strict=True)]
    return Targets(torch.from_numpy(foreground), *(torch.from_numpy(part) for part in rest))


def _of_pieces(labels: Levels) -> tuple[Floats, Floats, Floats]:
    """Heat [1, S/4, S/4], 1 in the cell of each box's centre, falling as a Gaussian; offsets; weights."""
    side = labels.shape[0] // STRIDE
    cells = labels.reshape(side, STRIDE, side, STRIDE).transpose(0, 2, 1, 3).reshape(side, side, -1)
    heat, weights = np.zeros((2, 1, side, side), np.float32)
    offsets = np.zeros((2, side, side), np.float32)
    at = (np.arange(side, dtype=np.float32) + 0.5) / side
    for number in np.unique(labels[labels > 0]):
        rows, columns = np.nonzero(labels == number)
        x = (columns.min() + columns.max() + 1) / 2 / labels.shape[0]
        y = (rows.min() + rows.max() + 1) / 2 / labels.shape[0]
        extent = (max(np.ptp(columns), np.ptp(rows)) + 1) / labels.shape[0]
        sigma = np.clip(extent * 0.08, 0.8 / side, 2.5 / side)
        column, row = min(side - 1, int(x * side)), min(side - 1, int(y * side))
        bell = np.exp(-(((at - at[column])[None] ** 2) + (at - at[row])[:, None] ** 2) / (2 * sigma**2))
        heat[0] = np.maximum(heat[0], bell)
        covered = (cells == number).any(axis=2)
        offsets[0][covered] = np.broadcast_to(x - at[None], (side, side))[covered]
        offsets[1][covered] = np.broadcast_to(y - at[:, None], (side, side))[covered]
        weights[0][covered] = 1 / covered.sum()
    return heat, offsets, weights


def loss(said: Maps, true: Targets) -> Tensor:
    """Cross-entropy and soft overlap of the foreground, focal loss of the centres, L1 of the offsets."""
    logits = said.foreground.float()
    edge = functional.max_pool2d(true.foreground, 5, 1, 2) + functional.max_pool2d(-true.foreground, 5, 1, 2)
    entropy = functional.binary_cross_entropy_with_logits(logits, true.foreground, weight=1 + EDGE * edge)
    share = logits.sigmoid()
    both = (share * true.foreground).sum(dim=(1, 2, 3))
    either = (share + true.foreground - share * true.foreground).sum(dim=(1, 2, 3))
    overlap = 1 - (both + 20) / (either + 20)
    pieces = (true.centres == 1).sum().clamp(min=1)
    offset = ((said.offsets.float() - true.offsets).abs() * true.weights).sum() / pieces
    return 2 * entropy + overlap.mean() + 0.5 * _focal(said.centres.float(), true.centres) / pieces + 8 * offset


def _focal(logits: Tensor, heat: Tensor) -> Tensor:
    """The penalty-reduced focal loss of Law and Deng 2018 (CornerNet), arXiv:1808.01244, eq. 1, summed."""
    share = logits.sigmoid().clamp(1e-5, 1 - 1e-5)
    peak = (heat == 1).float()
    right = (1 - share) ** 2 * share.log() * peak
    wrong = (1 - heat) ** 4 * share**2 * (1 - share).log() * (1 - peak)
    return -(right + wrong).sum()
