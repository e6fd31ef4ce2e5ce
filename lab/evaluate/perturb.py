"""What goes wrong between a shop's picture and a shopper's, one thing at a time and in three strengths."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from lab.datasets import Record, piece_masks

Levels = npt.NDArray[np.uint8]
Effect = Callable[[Image.Image, float, np.random.Generator], Image.Image]
_WHITE = (255, 255, 255)


@dataclass(frozen=True, slots=True)
class Perturbation:
    """One effect at one strength; the same picture is changed the same way every time. Pickles."""

    name: str
    strength: float

    def __call__(self, picture: Image.Image, record: Record) -> Image.Image:
        random = np.random.default_rng(zlib.crc32(f"{self.name} {record.sha256}".encode()))
        if self.name == "background":
            return background(picture, _mask(record, picture.size), int(self.strength), random)
        return EFFECTS[self.name][0](picture, self.strength, random)

    def __str__(self) -> str:
        return f"{self.name} {self.strength:g}"


def exposure(picture: Image.Image, stops: float, random: np.random.Generator) -> Image.Image:
    """Brighter or darker by `stops` in linear light, the sign drawn."""
    return _linear(picture, np.full(3, 2.0 ** (stops * random.choice([-1, 1]))))


def temperature(picture: Image.Image, strength: float, random: np.random.Generator) -> Image.Image:
    """Red up and blue down by the factor 1 + `strength` in linear light, or the other way round."""
    factor = (1 + strength) ** random.choice([-1.0, 1.0])
    return _linear(picture, np.array([factor, 1.0, 1 / factor]))


def rotation(picture: Image.Image, degrees: float, random: np.random.Generator) -> Image.Image:
    """Turned by `degrees` to either side; the new corners take the colour of the old ones."""
    turn = degrees * float(random.choice([-1, 1]))
    return picture.rotate(turn, Image.Resampling.BICUBIC, expand=True, fillcolor=_corner_colour(picture))


def perspective(picture: Image.Image, shift: float, random: np.random.Generator) -> Image.Image:
    """Each corner drawn in by up to `shift` of the sides."""
    width, height = picture.size
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], float)
    inward = random.uniform(0, shift, (4, 2)) * (width, height) * [[1, 1], [-1, 1], [-1, -1], [1, -1]]
    coefficients = _homography(corners + inward, corners)
    return picture.transform(
        picture.size,
        Image.Transform.PERSPECTIVE,
        coefficients,
        Image.Resampling.BICUBIC,
        fillcolor=_corner_colour(picture),
    )


def blur(picture: Image.Image, radius: float, _random: np.random.Generator) -> Image.Image:
    """Gaussian, `radius` in thousandths of the longer side."""
    return picture.filter(ImageFilter.GaussianBlur(radius * max(picture.size) / 1000))


def jpeg(picture: Image.Image, quality: float, _random: np.random.Generator) -> Image.Image:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=int(quality))
    return Image.open(buffer).convert("RGB")


def crop(picture: Image.Image, share: float, random: np.random.Generator) -> Image.Image:
    """A window of 1 - `share` of each side, anywhere."""
    width, height = (round(side * (1 - share)) for side in picture.size)
    left = int(random.integers(picture.width - width + 1))
    top = int(random.integers(picture.height - height + 1))
    return picture.crop((left, top, left + width, top + height))


def occlusion(picture: Image.Image, share: float, random: np.random.Generator) -> Image.Image:
    """A square of `share` of the shorter side, in one drawn colour, near the middle."""
    side = round(share * min(picture.size))
    left, top = ((random.uniform(0.2, 0.8, 2) * picture.size) - side / 2).astype(int)
    covered = picture.copy()
    covered.paste(tuple(random.integers(0, 256, 3).tolist()), (left, top, left + side, top + side))
    return covered


def downscale(picture: Image.Image, side: float, _random: np.random.Generator) -> Image.Image:
    """At most `side` pixels on the longer side are left."""
    factor = min(1.0, side / max(picture.size))
    return picture.resize([max(1, round(length * factor)) for length in picture.size], Image.Resampling.BICUBIC)


EFFECTS: dict[str, tuple[Effect, tuple[float, float, float]]] = {
    "exposure": (exposure, (0.5, 1.0, 1.5)),
    "temperature": (temperature, (0.15, 0.3, 0.6)),
    "rotation": (rotation, (10, 25, 60)),
    "perspective": (perspective, (0.1, 0.2, 0.3)),
    "blur": (blur, (3, 8, 16)),
    "jpeg": (jpeg, (40, 20, 8)),
    "crop": (crop, (0.1, 0.2, 0.35)),
    "occlusion": (occlusion, (0.15, 0.25, 0.4)),
    "downscale": (downscale, (160, 96, 64)),
}
"""Each with its weak, middle and strong strength."""
BACKGROUND = ("background", (1.0, 2.0, 3.0))
"""Plain colour, two-colour gradient, cloth-like noise: needs a mask."""


def background(picture: Image.Image, mask: Image.Image, style: int, random: np.random.Generator) -> Image.Image:
    """The piece on new ground; `mask` is "L" of the picture's size, 255 where the piece is."""
    width, height = picture.size
    one, two = random.uniform(20, 235, (2, 3))
    if style == 1:
        ground = np.broadcast_to(one, (height, width, 3))
    elif style == 2:
        ramp = np.linspace(0, 1, width)[None, :, None] * np.ones((height, 1, 1))
        ground = one + (two - one) * ramp
    else:
        coarse = random.integers(0, 256, (max(2, height // 6), max(2, width // 6)), dtype=np.uint8)
        grain = np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)) / 255
        ground = one + (two - one) * grain[:, :, None]
    return Image.composite(picture, Image.fromarray(ground.astype(np.uint8)), mask)


def _mask(record: Record, size: tuple[int, int]) -> Image.Image:
    pieces = piece_masks(record)
    if not pieces:
        raise ValueError(f"{record.path} has no mask, so its background cannot be replaced")
    levels = np.logical_or.reduce(pieces) * np.uint8(255)
    return Image.fromarray(levels.astype(np.uint8)).resize(size, Image.Resampling.BILINEAR)


def _linear(picture: Image.Image, factors: npt.NDArray[np.float64]) -> Image.Image:
    """Channels times `factors` in linear light (gamma 2.2), clipped."""
    table = [
        np.clip(255 * ((np.arange(256) / 255) ** 2.2 * factor) ** (1 / 2.2), 0, 255).round().astype(int).tolist()
        for factor in factors.tolist()
    ]
    return picture.point([level for channel in table for level in channel])


def _corner_colour(picture: Image.Image) -> tuple[int, int, int]:
    levels = np.asarray(picture)
    colour = np.median(levels[[0, 0, -1, -1], [0, -1, 0, -1]], axis=0).astype(int).tolist()
    return colour[0], colour[1], colour[2]


def _homography(target: npt.NDArray[np.float64], source: npt.NDArray[np.float64]) -> list[float]:
    """The eight coefficients that map `target` corners [4, 2] back to `source` corners, as Pillow wants them."""
    rows = []
    for (x, y), (u, v) in zip(target.tolist(), source.tolist(), strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y])
    return [float(value) for value in np.linalg.solve(np.array(rows), source.ravel())]
