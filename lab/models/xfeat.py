"""XFeat, which finds points in a picture and describes them, with the layers that its published weights name.

Potje et al., "XFeat: Accelerated Features for Lightweight Image Matching", CVPR 2024, section 3.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

CELL = 8


class _Layer(nn.Module):
    def __init__(self, entering: int, leaving: int, kernel: int = 3, stride: int = 1) -> None:
        super().__init__()
        self.layer = nn.Sequential(
            nn.Conv2d(entering, leaving, kernel, stride, kernel // 2, bias=False),
            nn.BatchNorm2d(leaving, affine=False),
            nn.ReLU(),
        )

    def forward(self, maps: Tensor) -> Tensor:
        layered: Tensor = self.layer(maps)
        return layered


class XFeat(nn.Module):
    """Grey float32 [1, 1, H, W], sides multiples of 32 -> what `forward` says."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.InstanceNorm2d(1)
        self.skip1 = nn.Sequential(nn.AvgPool2d(4, 4), nn.Conv2d(1, 24, 1))
        self.block1 = nn.Sequential(_Layer(1, 4), _Layer(4, 8, stride=2), _Layer(8, 8), _Layer(8, 24, stride=2))
        self.block2 = nn.Sequential(_Layer(24, 24), _Layer(24, 24))
        self.block3 = nn.Sequential(_Layer(24, 64, stride=2), _Layer(64, 64), _Layer(64, 64, 1))
        self.block4 = nn.Sequential(_Layer(64, 64, stride=2), _Layer(64, 64), _Layer(64, 64))
        self.block5 = nn.Sequential(_Layer(64, 128, stride=2), _Layer(128, 128), _Layer(128, 128), _Layer(128, 64, 1))
        self.block_fusion = nn.Sequential(_Layer(64, 64), _Layer(64, 64), nn.Conv2d(64, 64, 1))
        self.heatmap_head = nn.Sequential(_Layer(64, 64, 1), _Layer(64, 64, 1), nn.Conv2d(64, 1, 1), nn.Sigmoid())
        self.keypoint_head = nn.Sequential(
            _Layer(64, 64, 1), _Layer(64, 64, 1), _Layer(64, 64, 1), nn.Conv2d(64, 65, 1)
        )

    def forward(self, grey: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Descriptors of unit length [1, 64, H/8, W/8]; of a point, how likely [1, 1, H, W]; how reliable a cell is
        [1, 1, H/8, W/8]."""
        grey = self.norm(grey)
        fine = self.block2(self.block1(grey) + self.skip1(grey))
        third = self.block3(fine)
        fourth = self.block4(third)
        fifth = self.block5(fourth)
        size = third.shape[-2:]
        wide = [functional.interpolate(each, size, mode="bilinear") for each in (fourth, fifth)]
        described = self.block_fusion(third + wide[0] + wide[1])
        cells = functional.pixel_unshuffle(grey, CELL)
        points = functional.softmax(self.keypoint_head(cells), 1)[:, : CELL * CELL]
        return (
            functional.normalize(described, dim=1),
            functional.pixel_shuffle(points, CELL),
            self.heatmap_head(described),
        )

    def load(self, weights: Mapping[str, Tensor]) -> XFeat:
        """The weights as published, but for those of its fine matcher."""
        kept = {name: each for name, each in weights.items() if not name.startswith("fine_matcher.")}
        self.load_state_dict(dict(kept))
        return self.eval()


def published(path: str) -> dict[str, Tensor]:
    """The tensors of a file of weights."""
    found: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    return found
