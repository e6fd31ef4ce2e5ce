"""Trays of the sample shop's pieces, photographed from above: what a stock-take is measured on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from lab.processes import pool
from lab.render.catalogue import Piece, pieces
from lab.render.dataset import box, jpeg, one_thread, replace_file
from lab.render.frames import laid_out
from lab.render.shots import Random, Shot, draw_shot
from shared.contracts.analysis import Box

SMALL = ("ring", "earring", "pendant", "brooch")
"""What lies on one tray: a necklace fills one by itself."""
LEAST, MOST = 12, 30
PICTURE_SIZE = 1024
SAMPLES = 6
LIGHTS = ("studio white", "daylight window", "dark velvet")
TEST_SEED, TEST = 32, 12


@dataclass(frozen=True)
class Tray:
    """A photo of a tray, and where each piece is on it."""

    picture: Path
    boxes: dict[str, Box]


def made(
    out: Path,
    seed: int,
    count: int,
    size: int = PICTURE_SIZE,
    samples: int = SAMPLES,
    *,
    only_made: bool = False,
) -> Iterator[Tray]:
    """The trays of a seed, rendered into `out` where they are not there yet; of 12 to 30 pieces, sizes evenly.

    A tray takes a minute of a core. `only_made`: those that are there.
    """
    out.mkdir(parents=True, exist_ok=True)
    missing = [number for number in range(count) if not _paths(out, seed, number)[1].is_file()]
    if missing and not only_made:
        with pool(1, one_thread) as workers:
            for task in [workers.submit(_render, out, seed, number, count, size, samples) for number in missing]:
                task.result()
    for number in range(count):
        picture, truth = _paths(out, seed, number)
        if not truth.is_file():
            continue
        boxes = {sku: Box(x0=b[0], y0=b[1], x1=b[2], y1=b[3]) for sku, b in json.loads(truth.read_text()).items()}
        yield Tray(picture, boxes)


@cache
def stock() -> tuple[Piece, ...]:
    """The sample shop's pieces that lie on trays."""
    return tuple(piece for piece in pieces() if piece.design.type in SMALL)


def chosen(seed: int, number: int, count: int) -> list[Piece]:
    """What lies on a tray."""
    many = round(LEAST + (MOST - LEAST) * number / max(1, count - 1))
    order = np.random.default_rng([seed, number]).permutation(len(stock()))[:many]
    return [stock()[place] for place in order]


def _render(out: Path, seed: int, number: int, count: int, size: int, samples: int) -> None:
    from lab.render.scene import photograph

    shown = chosen(seed, number, count)
    random = np.random.default_rng([seed, number, 1])
    poses = ["lone" if piece.design.type == "pendant" else piece.design.poses()[-1] for piece in shown]
    parts = [piece.design.parts(pose) for piece, pose in zip(shown, poses, strict=True)]
    shot = _from_above(random)
    photo = photograph(laid_out(parts, random), shot, size, samples, int(random.integers(1 << 24)))
    picture, truth = _paths(out, seed, number)
    replace_file(picture, jpeg(photo.picture, 88))
    boxes = {piece.sku: box(photo.mask == place) for place, piece in enumerate(shown, 1)}
    replace_file(truth, json.dumps(boxes).encode())
    print(f"{picture.name}: {len(shown)} pieces, {shot.light}, {shot.backdrop.kind}", flush=True)


def _from_above(random: Random) -> Shot:
    """Somebody who means to count: all of the tray in the frame, sharp, seen from above."""
    shot = draw_shot(random, standing=False, light=str(random.choice(LIGHTS)))
    elevation = float(random.uniform(62, 86))
    return replace(
        shot, azimuth=0.4 * shot.azimuth, elevation=elevation, fill=0.9, shift=(0.0, 0.0), aperture=0.0, blur=0.0
    )


def _paths(out: Path, seed: int, number: int) -> tuple[Path, Path]:
    return out / f"{seed}-{number:02d}.jpg", out / f"{seed}-{number:02d}.json"
