"""The network of the Loupe models in torch: a trained trunk, whitened, and beside it the colours of the foreground."""

from __future__ import annotations

import math
from copy import deepcopy

import torch
from torch import Tensor, nn

from services.embedder.lite_network import HEAD_CHANNELS, LiteNetwork, gem

CELLS = 32
"""The picture's colours are looked at in so many cells a side."""
GROUND_DISTANCE = 12.0
"""CIELAB units from the nearest colour of the border at which a cell counts for more than half."""
SPREAD = 9.0
"""CIELAB units over which a colour counts for its neighbours of the palette too."""
_TO_XYZ = ((0.4124564, 0.3575761, 0.1804375), (0.2126729, 0.7151522, 0.0721750), (0.0193339, 0.1191920, 0.9503041))
_WHITE = (0.95047, 1.0, 1.08883)


def palette() -> Tensor:
    """float32 [54, 3] CIELAB: six greys; eight hues of two strengths at three lightnesses."""
    greys = [(light, 0.0, 0.0) for light in (5.0, 25.0, 45.0, 65.0, 80.0, 95.0)]
    hues = [
        (light, chroma * math.cos(turn * math.pi / 4), chroma * math.sin(turn * math.pi / 4))
        for light in (25.0, 50.0, 78.0)
        for chroma in (18.0, 42.0)
        for turn in range(8)
    ]
    return torch.tensor(greys + hues)


FROZEN_BLOCKS = 15
"""Of the trunk's 21: those that training leaves as ImageNet made them."""

COLOURS = len(palette())


class Colours(nn.Module):
    """Prepared pictures float32 [N, 3, S, S] -> float32 [N, 54]: roots of the share of each colour of the palette.

    Cells count by how far their colour is from every colour of the border (so grounds and white margins count little)
    and by how near they are to the middle. Roots make the dot product the Bhattacharyya coefficient. Lightness counts
    half: it is the lamp's as much as the piece's.
    """

    def __init__(self) -> None:
        super().__init__()
        scale = torch.tensor([0.5, 1.0, 1.0])
        place = (torch.arange(CELLS) + 0.5) / CELLS * 2 - 1
        middle = torch.exp(-(place[:, None] ** 2 + place[None] ** 2)).flatten()
        inner = torch.zeros(CELLS, CELLS, dtype=torch.bool)
        inner[1:-1, 1:-1] = True
        self.register_buffer("scale", scale, persistent=False)
        self.register_buffer("palette", palette() * scale, persistent=False)
        self.register_buffer("middle", middle, persistent=False)
        self.register_buffer("border", torch.nonzero(~inner.flatten()).flatten(), persistent=False)
        self.register_buffer("to_xyz", torch.tensor(_TO_XYZ) / torch.tensor(_WHITE)[:, None], persistent=False)

    scale: Tensor
    palette: Tensor
    middle: Tensor
    border: Tensor
    to_xyz: Tensor

    def forward(self, pictures: Tensor) -> Tensor:
        side = int(pictures.shape[-1]) // CELLS
        cells = nn.functional.avg_pool2d(pictures, side)[:, :, :CELLS, :CELLS].flatten(2).transpose(1, 2)
        lab = self._lab(((cells * 128 + 127) / 255).clamp(0, 1)) * self.scale
        ground = _squares(lab, lab[:, self.border]).min(dim=2).values
        weight = self.middle * (0.02 + 1 - torch.exp(-ground / (2 * GROUND_DISTANCE**2)))
        share = torch.softmax(-_squares(lab, self.palette[None]) / (2 * SPREAD**2), dim=2)
        counts = (share * weight[:, :, None]).sum(dim=1) / weight.sum(dim=1, keepdim=True)
        return (counts + 1e-6).sqrt()

    def _lab(self, rgb: Tensor) -> Tensor:
        """sRGB float32 [N, C, 3] in 0..1 -> CIELAB under D65, without the straight part near black."""
        linear = ((rgb + 0.055) / 1.055) ** 2.4
        root = (linear @ self.to_xyz.T).clamp(min=1e-4) ** (1 / 3)
        x, y, z = root[..., 0], root[..., 1], root[..., 2]
        return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], dim=2)


def _squares(one: Tensor, two: Tensor) -> Tensor:
    """[N, C, 3] and [N or 1, K, 3] -> [N, C, K]: squared distances."""
    dots = one @ two.transpose(1, 2)
    return ((one**2).sum(dim=2, keepdim=True) + (two**2).sum(dim=2)[:, None] - 2 * dots).clamp(min=0)


NEAR = 0.6
"""Of the picture's side: the middle part that is looked at again. In 219 pictures of shops that training never saw, two
looks found the same piece first in 0.635, one look of the same size in 0.575."""


def two_looks(pictures: Tensor) -> Tensor:
    """[N, 3, S, S] -> [2N, 3, NEAR S, NEAR S]: the pictures made smaller, then the middle of each as it is."""
    side = round(NEAR * int(pictures.shape[-1]))
    margin = (int(pictures.shape[-1]) - side) // 2
    near = pictures[:, :, margin : margin + side, margin : margin + side]
    whole = nn.functional.interpolate(pictures, size=(side, side), mode="bilinear", align_corners=False)
    return torch.cat([whole, near])


def of_both(looks: Tensor) -> Tensor:
    """Unit rows [2N, D] in the order of `two_looks` -> [N, D]: the direction between a picture's two."""
    return nn.functional.normalize(looks.reshape(2, -1, int(looks.shape[-1])).sum(dim=0), dim=1)


class General(nn.Module):
    """A trunk's last blocks as ImageNet made them: the maps before them, [N, C, h, w] -> unit float32 [N, 1280].

    Training to tell pieces apart takes from a trunk what pieces of one kind share. Weights are rounded to 8 bits a
    channel: of ten shops that training never saw, the type head is right as often with them.
    """

    def __init__(self, network: LiteNetwork) -> None:
        super().__init__()
        trunk = network.trunk
        self.gem_p = network.gem_p
        self.blocks = deepcopy(trunk._blocks[FROZEN_BLOCKS:])
        self.head, self.norm, self.active = deepcopy(trunk._conv_head), deepcopy(trunk._bn1), trunk._swish
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                module.weight.data = in_8_bits(module.weight.data)

    def forward(self, maps: Tensor) -> Tensor:
        for block in self.blocks:
            maps = block(maps)
        return nn.functional.normalize(gem(self.active(self.norm(self.head(maps))), self.gem_p), dim=1)


def in_8_bits(weight: Tensor) -> Tensor:
    """[O, I, h, w], each output channel in 127 steps to either side of zero."""
    step = weight.abs().amax(dim=(1, 2, 3), keepdim=True).clamp(min=1e-12) / 127
    return torch.round(weight / step) * step


class LoupeNetwork(nn.Module):
    """Prepared pictures float32 [N, 3, S, S] -> float32 [N, deep + colours + 1280].

    First the vector, of unit length: cosine = (1 - w) x cosine of the whitened trunk features + w x cosine of the
    whitened colours. Then, where asked for, what heads see besides: features of the whole look by `General`, of unit
    length too.
    """

    def __init__(self, gem_p: float, deep: int, colours: int, features: bool = True) -> None:
        super().__init__()
        self.features = LiteNetwork(gem_p)
        self.general = General(self.features) if features else None
        self.whiten = nn.Linear(HEAD_CHANNELS, deep)
        self.colours = Colours()
        self.whiten_colours = nn.Linear(COLOURS, colours)
        self.register_buffer("colour_weight", torch.tensor(0.0))

    colour_weight: Tensor

    def forward(self, pictures: Tensor) -> Tensor:
        looks = two_looks(pictures)
        maps = self.features.front(looks, FROZEN_BLOCKS)
        deep = nn.functional.normalize(self.whiten(of_both(self.features.tail(maps, FROZEN_BLOCKS))), dim=1)
        colours = nn.functional.normalize(self.whiten_colours(of_both(self.colours(looks))), dim=1)
        vector = [deep * (1 - self.colour_weight).sqrt(), colours * self.colour_weight.sqrt()]
        besides = [self.general(maps.chunk(2)[0])] if self.general else []
        return torch.cat([*vector, *besides], dim=1)

    def trained(self) -> dict[str, Tensor]:
        """What is not in the package of ImageNet weights or in the code, by name: what a model folder stores."""
        front = ("general.", *(f"features.trunk.{name}" for name in ("_conv_stem.", "_bn0.", "_fc.")))
        frozen = tuple(f"features.trunk._blocks.{block}." for block in range(FROZEN_BLOCKS))
        return {name: value for name, value in self.state_dict().items() if not name.startswith(front + frozen)}
