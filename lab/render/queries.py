"""New photos, as a shopper's phone would take them, of pieces in the sample shop and of things that it lacks."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from lab.render.catalogue import Piece, pieces
from lab.render.dataset import jpeg
from lab.render.mesh import circle, lathe, prism, superellipse, tube
from lab.render.parts import Part, Parts, rest
from lab.render.scene import photograph
from lab.render.shots import Random, Shot, draw_shot

PICTURE_SIZE = 320
SAMPLES = 18
LIGHTS = ("daylight window", "phone flash", "warm bulb")


def write_queries(
    seed: int,
    out: Path,
    count: int | None = None,
    shop: Sequence[Piece] | None = None,
    size: int = PICTURE_SIZE,
    samples: int = SAMPLES,
) -> None:
    """Write `out`/SKU.jpg for `count` pieces drawn by `seed` (all by default), `size` pixels square.

    The same seed gives the same bytes; a piece's photo does not depend on which others are drawn.
    """
    shop = pieces() if shop is None else shop
    out.mkdir(parents=True, exist_ok=True)
    for index in sorted(np.random.default_rng(seed).permutation(len(shop))[:count]):
        piece = shop[index]
        _write(piece.design.parts(piece.pose), piece.pose == "standing", piece.sku, seed, out, size, samples)


def write_others(seed: int, out: Path, size: int = PICTURE_SIZE, samples: int = SAMPLES) -> None:
    """Write `out`/NAME.jpg of each thing that no shop of jewelry sells."""
    out.mkdir(parents=True, exist_ok=True)
    for name, build in OTHERS.items():
        _write(build(), True, name, seed, out, size, samples)


def _write(parts: Parts, standing: bool, name: str, seed: int, out: Path, size: int, samples: int) -> None:
    number = zlib.crc32(name.encode())
    shot = _phone(np.random.default_rng([seed, number]), standing)
    picture = photograph([parts], shot, size, samples, (seed * 7919 + number) % (1 << 24)).picture
    (out / f"{name}.jpg").write_bytes(jpeg(picture, min(shot.quality, 80)))
    print(f"{name}: {shot.light}, {shot.backdrop.kind}", flush=True)


def _phone(random: Random, standing: bool) -> Shot:
    """Somebody who means to be understood: the piece fills the frame and is seen from the front."""
    shot = draw_shot(random, standing, str(random.choice(LIGHTS)))
    return replace(
        shot,
        azimuth=0.7 * shot.azimuth,
        elevation=max(shot.elevation, 24.0 if standing else 50.0),
        fill=max(shot.fill, 0.66),
        aperture=0.0,
    )


def _jug() -> Parts:
    profile = [(22, 0), (30, 4), (38, 22), (36, 42), (24, 58), (20, 66), (24, 74), (21, 74), (17, 66), (2, 60)]
    angle = np.linspace(-0.45 * np.pi, 0.5 * np.pi, 24)
    handle = np.stack([30 + 24 * np.cos(angle), 0 * angle, 40 + 22 * np.sin(angle)], -1)
    return rest([Part(lathe(np.array(profile, float)), "ceramic"), Part(tube(handle, circle(3.4)), "ceramic")])


def _cube() -> Parts:
    return rest([Part(prism(superellipse(40, 40, 14, 64), 40, 1.5), "painted wood")])


def _pencils() -> Parts:
    hexagon = circle(4.0, 6)
    line = np.array([[-70.0, 0, 0], [60.0, 0, 0]])
    tip = np.array([[60.0, 0, 0], [72.0, 0, 0]])
    wood, lead = tube(line, hexagon), tube(tip, hexagon, scale=np.array([0.95, 0.1]))
    return rest(
        [
            Part(mesh.moved(y=12.0 * i, x=9.0 * i).turned("z", 8 * i), material)
            for i in range(3)
            for mesh, material in ((wood, "painted wood"), (lead, "leather brown"))
        ]
    )


OTHERS: dict[str, Callable[[], Parts]] = {"OTHER-JUG": _jug, "OTHER-CUBE": _cube, "OTHER-PENCILS": _pencils}
