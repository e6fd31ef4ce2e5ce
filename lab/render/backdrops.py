"""What the pieces lie on: paper, cloth and wood, as small tiling textures made of seeded noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lab.render.materials import RGB
from lab.render.mesh import Array


@dataclass(frozen=True)
class Backdrop:
    """`colour` is linear reflectance 0..1; `kind` paper, cloth or wood; a tile spans `span` mm, turned by `turned`°."""

    colour: RGB
    kind: str = "paper"
    span: float = 120.0
    turned: float = 0.0
    seed: int = 0

    def texture(self) -> Array:
        """Linear reflectance (256, 256, 3), tiling."""
        random = np.random.default_rng(self.seed)
        relief = {"paper": _paper, "cloth": _cloth, "wood": _wood}[self.kind](random)
        return np.asarray(np.clip(relief[..., None] * np.array(self.colour), 0.0, 0.98))


def _smooth(random: np.random.Generator, rows: float, columns: float) -> Array:
    """Tiling noise (256, 256) of mean 0 and deviation 1, with about so many waves down and across."""
    spectrum = np.fft.fft2(random.standard_normal((256, 256)))
    v, u = np.fft.fftfreq(256) * 256, np.fft.fftfreq(256) * 256
    spectrum *= np.exp(-((v[:, None] / rows) ** 2) - (u[None, :] / columns) ** 2)
    spectrum[0, 0] = 0
    noise = np.fft.ifft2(spectrum).real
    return np.asarray(noise / noise.std())


def _paper(random: np.random.Generator) -> Array:
    return 1 + 0.006 * _smooth(random, 4, 4)


def _cloth(random: np.random.Generator) -> Array:
    threads = np.arange(256) * 2 * np.pi * 48 / 256
    weave = np.sin(threads)[:, None] * np.sin(threads)[None, :]
    return 1 + 0.1 * weave + 0.1 * _smooth(random, 3, 3) + 0.05 * _smooth(random, 60, 60)


def _wood(random: np.random.Generator) -> Array:
    """Grain along the columns: slow rings, bent by wide noise, under fine fibres."""
    across = np.arange(256)[None, :] * 2 * np.pi * 7 / 256
    rings = np.sin(across + 1.6 * _smooth(random, 1.5, 3))
    return np.asarray(0.95 + 0.16 * rings + 0.1 * _smooth(random, 3, 60))
