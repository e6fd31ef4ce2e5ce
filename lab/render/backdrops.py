"""What the pieces lie on, as small tiling textures made of seeded noise; no picture is read from anywhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lab.render.materials import RGB
from lab.render.mesh import Array

PIXELS = 512


@dataclass(frozen=True)
class Backdrop:
    """`kind` is one of `KINDS`, `colour` linear reflectance 0..1; a tile spans `span` frames, turned by `turned`°."""

    kind: str
    colour: RGB
    span: float = 2.5
    turned: float = 0.0
    seed: int = 0

    def texture(self) -> Array:
        """Linear reflectance (512, 512, 3), tiling."""
        random = np.random.default_rng(self.seed)
        return np.asarray(np.clip(_KINDS[self.kind](random, np.array(self.colour)), 0.003, 0.96))

    @property
    def gloss(self) -> float:
        """Roughness of a polished surface, 0 for a dull one."""
        return {"marble": 0.12, "wood": 0.28, "leather": 0.3, "acrylic": 0.05}.get(self.kind, 0.0)


def _smooth(random: np.random.Generator, rows: float, columns: float) -> Array:
    """Tiling noise (512, 512) of mean 0 and deviation 1, with about so many waves down and across."""
    spectrum = np.fft.rfft2(random.standard_normal((PIXELS, PIXELS)))
    v, u = np.fft.fftfreq(PIXELS) * PIXELS, np.fft.rfftfreq(PIXELS) * PIXELS
    spectrum *= np.exp(-((v[:, None] / rows) ** 2) - (u[None, :] / columns) ** 2)
    spectrum[0, 0] = 0
    noise = np.fft.irfft2(spectrum)
    return np.asarray(noise / noise.std())


def _grid() -> tuple[Array, Array]:
    at = np.arange(PIXELS) / PIXELS
    return at[:, None] + 0 * at, at[None, :] + 0 * at[:, None]


def _paper(random: np.random.Generator, colour: Array) -> Array:
    return colour * (1 + 0.008 * _smooth(random, 4, 4) + 0.006 * _smooth(random, 90, 90))[..., None]


def _cloth(random: np.random.Generator, colour: Array) -> Array:
    """A plain weave; now and then of two colours."""
    y, x = _grid()
    count = 2 * int(random.integers(40, 75))
    bend = 0.0025 * _smooth(random, 5, 5)
    warp, weft = np.sin(2 * np.pi * count * (x + bend)), np.sin(2 * np.pi * count * (y + bend))
    relief = 1 + 0.14 * warp * weft + 0.05 * _smooth(random, 3, 3) + 0.07 * _smooth(random, 120, 120)
    other = colour * random.uniform(0.75, 1.0, 3)
    return np.where((warp * weft > 0)[..., None], colour, other) * relief[..., None]


def _velvet(random: np.random.Generator, colour: Array) -> Array:
    nap = 1 + 0.22 * _smooth(random, 2.5, 3.5) + 0.12 * _smooth(random, 160, 160)
    return colour * np.clip(nap, 0.3, None)[..., None]


def _wood(random: np.random.Generator, colour: Array) -> Array:
    """Grain along the columns: rings bent by wide noise, planks' pores and fine fibres."""
    _, x = _grid()
    rings = np.sin(2 * np.pi * int(random.integers(4, 9)) * x + 1.7 * _smooth(random, 1.2, 3))
    late = np.clip(rings, 0, None) ** 3
    pores = np.clip(_smooth(random, 7, 170) - 1.3, 0, 1)
    relief = 1.04 - 0.3 * late + 0.07 * _smooth(random, 4, 110) - 0.35 * pores
    tint = 1 - np.array([0.0, 0.05, 0.09]) * late[..., None]
    return np.asarray(colour * relief[..., None] * tint)


def _marble(random: np.random.Generator, colour: Array) -> Array:
    """Veins where warped noise crosses zero."""
    cloud = _smooth(random, 3, 3) + 0.5 * _smooth(random, 8, 8) + 0.22 * _smooth(random, 22, 22)
    thin = np.exp(-((cloud / 0.075) ** 2)) * np.clip(0.5 + 0.6 * _smooth(random, 3, 3), 0, 1)
    wide = np.exp(-(((cloud + 0.9) / 0.35) ** 2))
    vein = colour * 0.35 if colour.mean() > 0.3 else colour + 0.14
    mix = np.clip(0.6 * thin + 0.22 * wide, 0, 1)[..., None]
    return (colour * (1 + 0.025 * _smooth(random, 5, 5))[..., None]) * (1 - mix) + vein * mix


def _skin(random: np.random.Generator, colour: Array) -> Array:
    """Blotches, fine creases in two directions and pores."""
    creases = np.exp(-((_smooth(random, 34, 12) / 0.16) ** 2)) + np.exp(-((_smooth(random, 11, 38) / 0.16) ** 2))
    relief = 1 + 0.035 * _smooth(random, 4, 4) - 0.055 * creases + 0.02 * _smooth(random, 120, 120)
    red = 0.05 * _smooth(random, 3, 3)
    tint = 1 + np.stack([red, -0.6 * red, -0.7 * red], -1)
    return colour * relief[..., None] * tint


def _print(random: np.random.Generator, colour: Array) -> Array:
    """A patterned cloth or card: dots, stripes, checks, flowers or lines of type."""
    y, x = _grid()
    ink = 0.6 * random.uniform(0.03, 0.7) + 0.4 * random.uniform(0.03, 0.7, 3)
    count = int(random.integers(7, 16))
    kind = int(random.integers(5))
    u, v = (x * count) % 1 - 0.5, (y * count) % 1 - 0.5
    if kind == 0:
        mark = np.hypot(u, v) < 0.28
    elif kind == 1:
        mark = (x * count) % 1 < 0.5
    elif kind == 2:
        mark = ((x * count) % 1 < 0.5) ^ ((y * count) % 1 < 0.5)
    elif kind == 3:
        mark = np.hypot(u, v) < 0.3 + 0.1 * np.cos(5 * np.arctan2(v, u))
    else:
        row = np.floor(y * 3 * count)
        word = np.sin(40 * x * (1 + 0.1 * row % 3) + 7 * row) > -0.5
        mark = word & ((y * 3 * count) % 1 < 0.5) & (_smooth(random, 4, 150) > -0.2)
    relief = 1 + 0.03 * _smooth(random, 100, 100)
    return np.where(mark[..., None], ink, colour) * relief[..., None]


def _leather(random: np.random.Generator, colour: Array) -> Array:
    grain = np.exp(-((_smooth(random, 45, 45) / 0.3) ** 2))
    return colour * (1.05 - 0.3 * grain + 0.05 * _smooth(random, 4, 4))[..., None]


def _slate(random: np.random.Generator, colour: Array) -> Array:
    return (
        colour
        * np.clip(
            1 + 0.12 * _smooth(random, 3, 6) + 0.1 * _smooth(random, 14, 30) + 0.14 * _smooth(random, 130, 130),
            0.4,
            None,
        )[..., None]
    )


_KINDS: dict[str, Callable[[np.random.Generator, Array], Array]] = {
    "paper": _paper,
    "acrylic": lambda random, colour: 0 * _smooth(random, 4, 4)[..., None] + colour,
    "cloth": _cloth,
    "velvet": _velvet,
    "wood": _wood,
    "marble": _marble,
    "skin": _skin,
    "print": _print,
    "leather": _leather,
    "slate": _slate,
}
KINDS = tuple(_KINDS)
