"""Other photographs of a piece, made from one: ground, crop, angle, light and the camera's faults."""

from __future__ import annotations

import hashlib
import io
import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from lab.datasets import Record, piece_masks
from services.embedder.decode import decode
from services.embedder.prepare import letterbox, scale

Floats = npt.NDArray[np.float32]
AUGMENTATION = 2
"""Raised whenever a view changes, so that maps of two kinds of view never mix."""
OTHER_GROUND = 0.35
"""How often the ground is replaced. 0.6, with lamps twice as strong and four times the rate, was worse than no training
for shops never seen; which of the three did it was not measured apart."""
ON_PLAIN_GROUND = 22.0
"""Levels within which a border is of one colour, so that what differs from it is the piece."""


def square(record: Record, view: int, size: int) -> Image.Image:
    """View `view` of a picture as the network's RGB square: 0 is the picture as it is, others are augmented.

    The same record, view and size give the same square. Raises what decoding raises.
    """
    rgb = decode(record.path.read_bytes(), 2 * size).rgb
    if view == 0:
        return letterbox(scale(rgb, size), size)
    seed = hashlib.sha256(f"{record.sha256} {view}".encode()).digest()
    rng = np.random.default_rng(int.from_bytes(seed[:8]))
    rgb = scale(rgb, round(1.5 * size))
    cover = _cover(record, rgb)
    if cover is not None and rng.random() < OTHER_GROUND:
        rgb = _on_other_ground(rgb, cover, rng)
    centre = _centre(cover)
    return _camera(_moved(rgb, centre, size, rng), rng)


def _cover(record: Record, rgb: Image.Image) -> Floats | None:
    """How much of each pixel is piece, float32 [H, W] in 0..1: by its mask, else by its difference from a plain ground.

    None where neither is known.
    """
    masks = piece_masks(record) if record.collection != "hands" else []
    if masks:
        whole = np.logical_or.reduce(masks).astype(np.uint8) * 255
        soft = Image.fromarray(whole).resize(rgb.size, Image.Resampling.BILINEAR).filter(ImageFilter.GaussianBlur(1))
        return np.asarray(soft, np.float32) / np.float32(255)
    levels = np.asarray(rgb, np.float32)
    border = np.concatenate([levels[0], levels[-1], levels[:, 0], levels[:, -1]])
    ground = np.median(border, axis=0)
    if np.abs(border - ground).max(axis=1).mean() > ON_PLAIN_GROUND / 2:
        return None
    difference = np.abs(levels - ground).max(axis=2)
    return np.asarray(np.clip((difference - 6) / ON_PLAIN_GROUND, 0, 1), np.float32)


def _centre(cover: Floats | None) -> tuple[float, float]:
    """The middle of the piece as fractions (x, y)."""
    if cover is None or cover.sum() < 20:
        return 0.5, 0.5
    rows, columns = cover.sum(axis=1), cover.sum(axis=0)
    y = float((rows * np.arange(len(rows))).sum() / rows.sum() / len(rows))
    x = float((columns * np.arange(len(columns))).sum() / columns.sum() / len(columns))
    return x, y


def _on_other_ground(rgb: Image.Image, cover: Floats, rng: np.random.Generator) -> Image.Image:
    """A ground of two colours, clouds and grain; the piece's shadow is lost with the old one."""
    height, width = cover.shape
    grey = rng.uniform(20, 255, (2, 1))
    one, two = grey + rng.uniform(0, 0.35) * (rng.uniform(20, 255, (2, 3)) - grey)
    if rng.random() < 0.5:
        two = one + rng.normal(0, 25, 3)
    coarse = rng.random((int(rng.integers(2, 9)), int(rng.integers(2, 9)))).astype(np.float32)
    clouds = np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))[..., None]
    ground = one * (1 - clouds) + two * clouds + rng.normal(0, rng.uniform(0, 14), (height, width, 1))
    mixed = np.asarray(rgb, np.float32) * cover[..., None] + ground * (1 - cover[..., None])
    return Image.fromarray(np.clip(mixed, 0, 255).astype(np.uint8))


def _moved(rgb: Image.Image, centre: tuple[float, float], size: int, rng: np.random.Generator) -> Image.Image:
    """A turned, tilted part of the picture around `centre` (fractions), in one resampling."""
    side = max(rgb.size) * math.sqrt(rng.uniform(0.3, 1.1))
    stretch = math.exp(rng.normal(0, 0.08))
    angle = rng.normal(0, 0.35) if rng.random() < 0.8 else rng.uniform(-math.pi, math.pi)
    x = centre[0] * rgb.width + rng.normal(0, 0.06) * side
    y = centre[1] * rgb.height + rng.normal(0, 0.06) * side
    corners = np.array([[-1, -1], [-1, 1], [1, 1], [1, -1]]) * [side * stretch / 2, side / stretch / 2]
    corners = corners + rng.normal(0, 0.04, (4, 2)) * side
    if rng.random() < 0.5:
        corners[:, 0] *= -1
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    corners = corners @ turn.T + [x, y]
    levels = np.asarray(rgb)
    ground = np.median(np.concatenate([levels[0], levels[-1], levels[:, 0], levels[:, -1]]), axis=0)
    fill = (255, 255, 255) if rng.random() < 0.3 else tuple(int(level) for level in ground)
    return rgb.transform(
        (size, size), Image.Transform.PERSPECTIVE, _perspective(corners, size), Image.Resampling.BICUBIC, fillcolor=fill
    )


def _perspective(corners: npt.NDArray[np.float64], size: int) -> Sequence[float]:
    """The eight numbers that take the square's corners (upper left, lower left, lower right, upper right) there."""
    square_corners = [(0, 0), (0, size), (size, size), (size, 0)]
    rows, values = [], []
    for (x, y), (u, v) in zip(square_corners, corners.tolist(), strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    solved: list[float] = np.linalg.solve(np.array(rows, float), np.array(values)).tolist()
    return solved


def _camera(rgb: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Exposure, colour temperature, contrast, blur, noise, lost resolution, JPEG."""
    size = rgb.width
    levels = np.asarray(rgb, np.float32) / 255
    warm, green = rng.normal(0, 0.06), rng.normal(0, 0.02)
    gains = np.exp(min(rng.normal(0, 0.12), 0.1) + np.array([warm, green, -warm], np.float32))
    levels = np.clip(levels * gains.astype(np.float32), 0, 1) ** np.float32(math.exp(rng.normal(0, 0.12)))
    if rng.random() < 0.3:
        levels = levels + rng.normal(0, rng.uniform(0, 0.025), levels.shape).astype(np.float32)
    rgb = Image.fromarray((np.clip(levels, 0, 1) * 255).astype(np.uint8))
    if rng.random() < 0.25:
        rgb = rgb.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.3, 1.2))))
    if rng.random() < 0.25:
        small = int(rng.integers(size // 2, size))
        rgb = rgb.resize((small, small), Image.Resampling.BILINEAR).resize((size, size), Image.Resampling.BILINEAR)
    if rng.random() < 0.4:
        file = io.BytesIO()
        rgb.save(file, "JPEG", quality=int(rng.integers(35, 90)))
        rgb = Image.open(file).convert("RGB")
    return rgb
