"""Scenes to train the finder on: pieces laid on grounds, pictures as they are, and what cameras do to both."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from numpy.random import Generator
from PIL import Image, ImageFilter

from lab.train.finder_grounds import ground
from lab.train.finder_stock import Levels, Scene, Stock
from lab.train.finder_things import hand, thing

Floats = npt.NDArray[np.float64]
T = TypeVar("T")
MOST_PIECES = 12
KINDS = {"as taken": 0.28, "tray": 0.10, "one": 0.24, "several": 0.18, "none": 0.12, "hand": 0.08}
"""Pictures as they were taken, turned and scaled, trays among them; pieces laid on grounds; grounds; drawn hands."""
WORN_SHARE = 1 / 6
THINGS_SHARE = 0.3
"""Of the composed scenes with pieces, those with things that are no jewelry beside them."""
SHOP_SHARE = 0.4
"""Of the pieces, those from photographs, where there are any."""
LEAST_PIXELS = 12
"""Of a piece in a scene: what shows less is ground."""


def scene(random: Generator, stock: Stock, side: int) -> Scene:
    """One picture of `side` pixels with its truth; what it is of follows `KINDS`.

    With worn pieces in stock, one in six is of those. What has no picture in stock is composed.
    """
    if stock.worn and random.random() < WORN_SHARE:
        made = close_up(random, stock.worn[random.integers(len(stock.worn))], side)
        return Scene(photographed(random, made.rgb), made.labels)
    kind = random.choice(list(KINDS), p=list(KINDS.values()))
    if kind == "as taken":
        made = moved(random, _one(random, stock.scenes, stock.shop_scenes), side)
    elif kind == "tray" and stock.trays:
        made = moved(random, stock.trays[int(random.integers(len(stock.trays)))], side, near=0.9, far=1.2)
    elif kind == "hand":
        made = hand(random, _ground(random, stock, side), stock.cutouts)
    else:
        counts = {"one": 1, "none": 0}
        made = composed(random, stock, side, counts.get(str(kind), int(random.integers(2, MOST_PIECES + 1))))
    return Scene(photographed(random, made.rgb), made.labels)


def _one(random: Generator, rendered: Sequence[T], photographed: Sequence[T]) -> T:
    drawn_from = photographed if photographed and random.random() < SHOP_SHARE else rendered
    return drawn_from[int(random.integers(len(drawn_from)))]


def composed(random: Generator, stock: Stock, side: int, count: int) -> Scene:
    """`count` cutouts on a ground; several lie in a jittered grid, where they may touch and cover each other."""
    under = _ground(random, stock, side)
    if random.random() < (THINGS_SHARE if count else 0.6):
        under = _with_things(random, under)
    rgb = under.astype(np.float32)
    labels = np.zeros((side, side), np.uint8)
    across = int(np.ceil(np.sqrt(count))) if count > 1 else 1
    down = int(np.ceil(count / across)) if count else 1
    area = random.uniform(0.7, 1.0) if count > 1 else 1.0
    corner = random.uniform(0, 1 - area, 2)
    shade = random.uniform(0, 0.7), random.uniform(-0.05, 0.05, 2), random.uniform(0.004, 0.03)
    for number in range(1, count + 1):
        if count == 1:
            size = (
                side * np.exp(random.uniform(np.log(0.1), np.log(0.95)))
                if random.random() < 0.4
                else (side * random.uniform(0.4, 0.98))
            )
            spare = max(0.0, 1 - size / side)
            middle = 0.5 + random.uniform(-0.5, 0.5, 2) * spare * random.choice([0.3, 1.0])
            if random.random() < 0.12:
                middle = random.uniform(0.1, 0.9, 2)
        else:
            cell = np.array([area / across, area / down])
            place = np.array([(number - 1) % across, (number - 1) // across])
            middle = corner + (place + 0.5 + random.uniform(-0.18, 0.18, 2)) * cell
            size = side * cell.min() * random.uniform(0.4, 1.05)
        _lay(random, stock, rgb, labels, number, size, middle * side, shade)
    return Scene(rgb.clip(0, 255).astype(np.uint8), _seen(labels))


def _ground(random: Generator, stock: Stock, side: int) -> Levels:
    """Drawn, or a window of a picture without jewelry."""
    if not stock.grounds or random.random() < 0.55:
        return ground(random, side)
    picture = Image.fromarray(stock.grounds[random.integers(len(stock.grounds))])
    share = random.uniform(0.5, 1.0, 2) if random.random() < 0.6 else np.ones(2)
    left, top = random.uniform(0, 1 - share)
    box = (left, top, left + share[0], top + share[1])
    window = tuple(part * length for part, length in zip(box, picture.size * 2, strict=True))
    picture = picture.resize((side, side), Image.Resampling.BILINEAR, window)
    return np.array(picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if random.random() < 0.5 else picture)


def _with_things(random: Generator, rgb: Levels) -> Levels:
    """One to four things on it, each with a shadow; a lone one is often large, as in a catalogue."""
    side, picture = rgb.shape[0], Image.fromarray(rgb)
    count = int(random.choice([1, 1, 1, 2, 3, 4]))
    for _ in range(count):
        size = int(side * (random.uniform(0.4, 1.0) if count == 1 else random.uniform(0.12, 0.5)))
        one = thing(random, size).rotate(float(random.normal(0, 25)), Image.Resampling.BILINEAR)
        left, top = (int(place) for place in random.uniform(-0.1, 1.1, 2) * (side - size))
        shadow = one.getchannel("A").filter(ImageFilter.GaussianBlur(1 + size * 0.03)).point(lambda level: level // 3)
        picture.paste((0, 0, 0), (left + size // 30, top + size // 20), shadow)
        picture.paste(one, (left, top), one)
    return np.array(picture)


def _lay(
    random: Generator,
    stock: Stock,
    rgb: npt.NDArray[np.float32],
    labels: Levels,
    number: int,
    size: float,
    middle: Floats,
    shade: tuple[float, Floats, float],
) -> None:
    """Draw a cutout with its shadow into `rgb` and `labels`, its longer side `size` pixels before it is turned."""
    piece = _one(random, stock.cutouts, stock.shop_cutouts)
    factor = size / max(piece.size)
    stretch = random.uniform(0.85, 1.15)
    sides = max(3, round(piece.width * factor * stretch)), max(3, round(piece.height * factor / stretch))
    piece = piece.resize(sides, Image.Resampling.BILINEAR, reducing_gap=2.0)
    if random.random() < 0.5:
        piece = piece.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    turn = float(random.normal(0, 12) if random.random() < 0.6 else random.uniform(0, 360))
    piece = piece.rotate(turn, Image.Resampling.BILINEAR, expand=True)
    side = rgb.shape[0]
    layer = Image.new("RGBA", (side, side))
    left, top = int(middle[0] - piece.width / 2), int(middle[1] - piece.height / 2)
    layer.paste(piece, (left, top))
    alpha_picture = layer.getchannel("A")
    strength, shift, blur = shade
    if strength > 0.1:
        dark = Image.new("L", (side, side))
        dark.paste(piece.getchannel("A"), (left + int(shift[0] * size), top + int(abs(shift[1]) * size)))
        soft = np.asarray(dark.filter(ImageFilter.GaussianBlur(float(1 + blur * size))), np.float32) / 255
        rgb *= 1 - strength * soft[..., None]
    pixels = np.asarray(layer, np.float32)
    colours = pixels[..., :3] * random.uniform(0.8, 1.2) + random.normal(0, 6, 3)
    if random.random() < 0.5:
        alpha_picture = alpha_picture.filter(ImageFilter.GaussianBlur(0.6))
    alpha = np.asarray(alpha_picture, np.float32)[..., None] / 255
    rgb += alpha * (colours - rgb)
    labels[np.asarray(layer)[..., 3] >= 128] = number


def moved(random: Generator, whole: Scene, side: int, near: float = 0.4, far: float = 1.6) -> Scene:
    """Turned, scaled by `near` to `far` and shifted; beyond its frame goes on what is at its border, or white as the
    letterbox has it."""
    if random.random() < 0.5:
        whole = Scene(whole.rgb[:, ::-1], whole.labels[:, ::-1])
    turns = int(random.integers(4)) if random.random() < 0.4 else 0
    rgb, labels = np.rot90(whole.rgb, turns), np.rot90(whole.labels, turns)
    longer = max(rgb.shape[:2])
    zoom = float(random.uniform(0.9, far) if random.random() < 0.6 else random.uniform(near, 1))
    shift = random.uniform(-0.15, 0.15, 2) * longer if zoom < 1.4 else random.uniform(-0.25, 0.25, 2) * longer
    angle = float(random.normal(0, 0.15))
    return _window(rgb, labels, side, longer / (side * zoom), shift, angle, random.random() < 0.3)


def close_up(random: Generator, whole: Scene, side: int) -> Scene:
    """The whole picture in its letterbox, or a window about one of its pieces."""
    longer = max(whole.rgb.shape[:2])
    if random.random() < 0.4 or not whole.labels.any():
        shift = random.uniform(-0.05, 0.05, 2) * longer
        return _window(whole.rgb, whole.labels, side, longer / side * random.uniform(0.9, 1.1), shift, 0.0, True)
    number = random.choice(np.unique(whole.labels[whole.labels > 0]))
    rows, columns = np.nonzero(whole.labels == number)
    height, width = whole.labels.shape
    extent = max(np.ptp(rows), np.ptp(columns)) + 1
    window = min(longer, extent / random.uniform(0.12, 0.7))
    centre = np.array([columns.mean() - width / 2, rows.mean() - height / 2])
    shift = centre + random.uniform(-0.25, 0.25, 2) * window
    return _window(whole.rgb, whole.labels, side, window / side, shift, float(random.normal(0, 0.4)), True)


def _window(rgb: Levels, labels: Levels, side: int, step: float, shift: Floats, angle: float, on_white: bool) -> Scene:
    """`side` pixels a side, `step` source pixels apart, about the middle plus `shift`, turned by `angle` radians."""
    height, width = rgb.shape[:2]
    cos, sin = np.cos(angle) * step, np.sin(angle) * step
    x0 = width / 2 + shift[0] - (cos - sin) * side / 2
    y0 = height / 2 + shift[1] - (sin + cos) * side / 2
    pad = 0 if on_white else max(height, width)
    if pad:
        rgb = np.pad(rgb, ((pad, pad), (pad, pad), (0, 0)), mode="reflect")
    affine = (cos, -sin, x0 + pad, sin, cos, y0 + pad)
    source = Image.fromarray(np.ascontiguousarray(rgb))
    if step > 1.5:
        source = source.filter(ImageFilter.BoxBlur(float(step) / 2.5))
    kind = Image.Transform.AFFINE
    picture = source.transform((side, side), kind, affine, Image.Resampling.BILINEAR, fillcolor="white")
    truth = Image.fromarray(np.ascontiguousarray(labels)).transform(
        (side, side), kind, (cos, -sin, x0, sin, cos, y0), Image.Resampling.NEAREST, fillcolor=0
    )
    seen = np.array(truth)
    if pad and seen.any():
        # The reflection would show further pieces that are not in the truth, so it is blurred into a ground.
        inside = Image.new("L", (width, height), 255).transform((side, side), kind, (cos, -sin, x0, sin, cos, y0))
        beyond = picture.filter(ImageFilter.GaussianBlur(side / 10))
        picture = Image.composite(picture, beyond, inside)
    return Scene(np.array(picture), _seen(seen))


def _seen(labels: Levels) -> Levels:
    """The labels without pieces of which hardly anything shows."""
    counts = np.bincount(labels.ravel(), minlength=MOST_PIECES + 1)
    return np.where(counts[labels] >= LEAST_PIXELS, labels, 0).astype(np.uint8)


def photographed(random: Generator, rgb: Levels) -> Levels:
    """Exposure, colour temperature, contrast, blur, noise and JPEG."""
    levels = rgb.astype(np.float32)
    if random.random() < 0.7:
        warmth = random.normal(0, 0.06)
        gains = np.array([1 + warmth, 1 + random.normal(0, 0.02), 1 - warmth]) * random.uniform(0.75, 1.15)
        levels = 255 * (levels * gains.astype(np.float32) / 255).clip(0, 1) ** np.float32(random.uniform(0.75, 1.35))
    if random.random() < 0.12:
        levels = np.repeat(levels.mean(axis=2, keepdims=True), 3, axis=2)
    if random.random() < 0.4:
        levels += random.normal(0, random.uniform(1, 8), levels.shape).astype(np.float32)
    picture = Image.fromarray(levels.clip(0, 255).astype(np.uint8))
    if random.random() < 0.3:
        picture = picture.filter(ImageFilter.GaussianBlur(float(random.uniform(0.3, 1.4))))
    if random.random() < 0.6:
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=int(random.integers(35, 96)))
        picture = Image.open(buffer)
    return np.array(picture)
