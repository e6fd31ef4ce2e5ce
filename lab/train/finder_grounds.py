"""Grounds to lay pieces on: drawn, without any jewelry, cheap."""

from __future__ import annotations

import string

import numpy as np
import numpy.typing as npt
from numpy.random import Generator
from PIL import Image, ImageDraw, ImageFilter

LETTERS = list(string.ascii_letters + string.digits + " .")
Levels = npt.NDArray[np.uint8]
SKIN = np.array([[236, 196, 172], [214, 160, 130], [176, 120, 90], [120, 78, 56], [244, 214, 196]])


def ground(random: Generator, side: int) -> Levels:
    """uint8 [side, side, 3]: white as in shops (2 of 5), plain, textured, striped, or skin; often with things on it."""
    kind = random.random()
    if kind < 0.42:
        levels = _white(random, side)
    elif kind < 0.6:
        levels = _plain(random, side, colour_of(random))
    elif kind < 0.82:
        levels = _textured(random, side, colour_of(random), colour_of(random))
    elif kind < 0.9:
        levels = _striped(random, side)
    else:
        levels = _textured(random, side, *(SKIN[random.integers(len(SKIN))] + random.normal(0, 8, 3) for _ in range(2)))
    picture = Image.fromarray(levels.clip(0, 255).astype(np.uint8))
    if random.random() < 0.35:
        _clutter(random, picture)
    return np.array(picture)


def colour_of(random: Generator) -> npt.NDArray[np.float64]:
    """Greys and browns more often than loud colours; from black to white."""
    grey = random.uniform(5, 250)
    loudness = random.choice([3, 18, 60], p=[0.4, 0.35, 0.25])
    return np.asarray((grey + random.normal(0, 1, 3) * loudness).clip(0, 255))


def _white(random: Generator, side: int) -> npt.NDArray[np.float64]:
    levels = np.full((side, side, 3), 255.0 if random.random() < 0.5 else random.uniform(228, 255))
    if random.random() < 0.5:
        levels -= _slope(random, side)[..., None] * random.uniform(0, 45) * random.uniform(0.9, 1.1, 3)
    return levels


def _plain(random: Generator, side: int, colour: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return colour + (_slope(random, side)[..., None] - 0.5) * random.uniform(0, 90)


def _slope(random: Generator, side: int) -> npt.NDArray[np.float64]:
    """0..1: across the picture, or from its middle outwards."""
    y, x = np.mgrid[0:side, 0:side] / side - 0.5
    if random.random() < 0.5:
        angle = random.uniform(0, 2 * np.pi)
        return np.asarray(x * np.cos(angle) + y * np.sin(angle) + 0.5)
    cx, cy = random.uniform(-0.3, 0.3, 2)
    return np.asarray(np.hypot(x - cx, y - cy).clip(0, 1))


def _textured(
    random: Generator, side: int, one: npt.NDArray[np.float64], two: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Noise of several sizes, stretched one way as in wood or cloth, between two colours."""
    noise = np.zeros((side, side))
    wide, high = random.choice([1, 1, 2, 6], 2)
    for cells in (3, 8, 24, 64, side):
        shape = (min(side, max(2, cells // high)), min(side, max(2, cells // wide)))
        octave = Image.fromarray(random.normal(0, 1, shape).astype(np.float32))
        noise += np.asarray(octave.resize((side, side), Image.Resampling.BICUBIC)) * cells ** -random.uniform(0.2, 0.8)
    noise /= noise.std() + 1e-6
    share = 1 / (1 + np.exp(-noise * random.uniform(0.3, 2.5)))
    near = one + (two - one) * random.uniform(0.1, 1)
    return np.asarray(one + share[..., None] * (near - one) + (_slope(random, side)[..., None] - 0.5) * 40)


def _striped(random: Generator, side: int) -> npt.NDArray[np.float64]:
    """Stripes or checks in two colours."""
    y, x = np.mgrid[0:side, 0:side] / side
    angle, often = random.uniform(0, np.pi), random.uniform(2, 16)
    u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    share = np.sin(u * often * 2 * np.pi) > 0
    if random.random() < 0.5:
        share ^= np.sin(v * often * 2 * np.pi) > 0
    one, two = colour_of(random), colour_of(random)
    return np.asarray(np.where(share[..., None], one, two))


def _clutter(random: Generator, picture: Image.Image) -> None:
    """Things that are no jewelry: a table's edge, boxes, cards, cushions, a finger, writing, stickers; in place."""
    side = picture.width
    draw = ImageDraw.Draw(picture)
    for _ in range(random.integers(1, 5)):
        colour = tuple(int(level) for level in colour_of(random))
        x, y = random.uniform(-0.1, 1.1, 2) * side
        size = random.uniform(0.05, 0.6) * side
        kind = random.integers(6)
        if kind == 0:
            draw.polygon([(x, y), *map(tuple, (random.uniform(-0.2, 1.2, (3, 2)) * side).tolist())], fill=colour)
        elif kind == 1:
            draw.rectangle((x, y, x + size, y + size * random.uniform(0.3, 1.5)), fill=colour)
        elif kind == 2:
            draw.ellipse((x, y, x + size, y + size * random.uniform(0.4, 1.2)), fill=colour)
        elif kind == 3:
            skin = tuple(int(level) for level in SKIN[random.integers(len(SKIN))])
            ends = [(x, y), tuple((random.uniform(-0.2, 1.2, 2) * side).tolist())]
            draw.line(ends, fill=skin, width=int(random.uniform(0.06, 0.3) * side))
        elif kind == 4:
            words = "".join(
                random.choice(list("ABCDEFGHIKLMNOPRSTUVabcdefghiklmnoprst 0123456789"), random.integers(3, 14))
            )
            draw.text((x, y), words, fill=colour, font_size=float(random.uniform(6, 40) * side / 256))
        else:
            draw.rounded_rectangle((x, y, x + size, y + size), size / 5, outline=colour, width=int(1 + size / 12))
    if random.random() < 0.5:
        picture.paste(picture.filter(ImageFilter.GaussianBlur(float(random.uniform(0.5, 4)))))
