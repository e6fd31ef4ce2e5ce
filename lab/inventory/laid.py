"""Trays laid out of renders: pieces cut from their second picture, on a ground, as a phone sees them from above.

Cheaper than rendering a tray by a thousand times, so there are enough to fit by. Every piece has its own light, and its
picture in the shop is another render, of another pose, light and ground.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageFilter

from lab.datasets import Record, piece_masks
from lab.inventory.trays import LEAST, MOST, SMALL, Tray
from lab.render.dataset import box, jpeg, replace_file
from lab.train.finder_grounds import ground
from lab.train.finder_stock import cut
from shared.contracts.analysis import Box

SIDE = 1_400
_TURN = 18.0
"""Degrees, one deviation: pieces lie a little askew."""


def laid_trays(out: Path, seed: int, count: int, shown: Sequence[Record], twins: bool) -> list[Tray]:
    """`count` trays of 12 to 30 of the pieces in `shown` (pictures with masks), made where they are not there yet.

    `twins`: also near-twins, designs that differ in one thing; else of each family one at most.
    """
    out.mkdir(parents=True, exist_ok=True)
    trays = []
    for number in range(count):
        name = f"laid-{seed}-{'twins' if twins else 'apart'}-{number:02d}"
        picture, truth = out / f"{name}.jpg", out / f"{name}.json"
        if not truth.is_file():
            random = np.random.default_rng([seed, number, twins])
            many = round(LEAST + (MOST - LEAST) * number / max(1, count - 1))
            _lay(random, _chosen(random, shown, many, twins), picture, truth)
        boxes = {sku: Box(x0=b[0], y0=b[1], x1=b[2], y1=b[3]) for sku, b in json.loads(truth.read_text()).items()}
        trays.append(Tray(picture, boxes))
    return trays


def _chosen(random: Generator, shown: Sequence[Record], many: int, twins: bool) -> list[Record]:
    taken: set[str] = set()
    chosen: list[Record] = []
    for place in random.permutation(len(shown)):
        one = shown[place]
        family = one.family or one.item_id
        if one.type in SMALL and (twins or family not in taken) and len(chosen) < many:
            chosen.append(one)
            taken.add(family)
    return chosen


def _lay(random: Generator, pieces: Sequence[Record], picture: Path, truth: Path) -> None:
    columns = int(np.ceil(np.sqrt(1.2 * len(pieces))))
    rows = int(np.ceil(len(pieces) / columns))
    cell = SIDE / columns
    rgb = Image.fromarray(ground(random, SIDE // 4)).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    rgb = rgb.crop((0, 0, SIDE, round(rows * cell)))
    owner = np.zeros((rgb.height, rgb.width), np.uint8)
    for number, one in enumerate(pieces, 1):
        middle = (np.array([(number - 1) % columns, (number - 1) // columns]) + 0.5) * cell
        _put(random, rgb, owner, number, one, middle + random.uniform(-0.05, 0.05, 2) * cell, cell)
    replace_file(picture, jpeg(_photographed(random, rgb), 88))
    boxes = {one.item_id: box(owner == number) for number, one in enumerate(pieces, 1)}
    replace_file(truth, json.dumps(boxes).encode())


def _put(
    random: Generator,
    rgb: Image.Image,
    owner: np.ndarray[tuple[int, ...], np.dtype[np.uint8]],
    number: int,
    one: Record,
    middle: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    cell: float,
) -> None:
    with Image.open(one.path) as opened:
        whole = np.asarray(opened.convert("RGB"))
    piece = cut(whole, piece_masks(one)[0])
    factor = cell * random.uniform(0.5, 0.78) / max(piece.size)
    sides = (max(8, round(piece.width * factor)), max(8, round(piece.height * factor)))
    piece = piece.resize(sides, Image.Resampling.BICUBIC)
    piece = piece.rotate(float(random.normal(0, _TURN)), Image.Resampling.BICUBIC, expand=True)
    left, upper = (int(at - side / 2) for at, side in zip(middle, piece.size, strict=True))
    left, upper = max(0, min(left, rgb.width - piece.width)), max(0, min(upper, rgb.height - piece.height))
    alpha = piece.getchannel("A")
    shadow = alpha.filter(ImageFilter.GaussianBlur(cell * 0.02)).point(lambda level: level // 3)
    rgb.paste((0, 0, 0), (left + round(cell * 0.02), upper + round(cell * 0.02)), shadow)
    rgb.paste(piece, (left, upper), alpha)
    inside = np.asarray(alpha) >= 128
    owner[upper : upper + piece.height, left : left + piece.width][inside] = number


def _photographed(random: Generator, rgb: Image.Image) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Exposure, warmth and noise of one photo."""
    levels = np.asarray(rgb).astype(np.float32)
    warmth = random.normal(0, 0.04)
    levels *= np.array([1 + warmth, 1, 1 - warmth], np.float32) * np.float32(random.uniform(0.85, 1.1))
    levels += random.normal(0, random.uniform(0.5, 3), levels.shape).astype(np.float32)
    return np.asarray(levels.clip(0, 255), np.uint8)
