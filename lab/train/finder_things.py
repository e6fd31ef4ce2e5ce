"""Things that are no jewelry, and hands with and without rings: drawn, so that no photograph is needed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numpy.random import Generator
from PIL import Image, ImageDraw, ImageFilter

from lab.train.finder_grounds import LETTERS, SKIN, colour_of
from lab.train.finder_stock import Levels, Scene

Floats = npt.NDArray[np.float64]
METALS = np.array([[212, 175, 95], [205, 205, 208], [222, 165, 140], [150, 150, 155], [60, 58, 60]])


def thing(random: Generator, side: int) -> Image.Image:
    """RGBA `side` x `side`: something turned, boxed, round, cut out of paper or written; shaded, with details."""
    kind = random.integers(5)
    y, x = np.mgrid[0:side, 0:side] / side * 2 - 1
    first, second = colour_of(random), colour_of(random)
    if kind == 0:
        silhouette, light = _turned(random, x, y)
    elif kind == 1:
        silhouette, light = _boxed(random, x, y)
    elif kind == 2:
        silhouette, light = _round(random, x, y)
    else:
        mask = Image.new("L", (side, side))
        _written(random, mask) if kind == 3 else _cut_out(random, mask)
        silhouette, light = np.asarray(mask) > 127, 1 + 0.2 * (x * random.normal() + y * random.normal())
    spots = _spots(random, side)
    colours = (first + spots[..., None] * (second - first)) * light[..., None]
    if random.random() < 0.4:
        shine = np.exp(-((x - random.uniform(-0.4, 0.4)) ** 2 + (y - random.uniform(-0.5, 0.2)) ** 2) * 40)
        colours += 200 * shine[..., None]
    alpha = np.where(silhouette, 255, 0)
    return Image.fromarray(np.dstack([colours, alpha]).clip(0, 255).astype(np.uint8))


def _turned(random: Generator, x: Floats, y: Floats) -> tuple[npt.NDArray[np.bool_], Floats]:
    """A bottle, cup or lamp: as wide at each height as a random profile says, lit as a cylinder."""
    knots = random.uniform(0.08, 0.85, random.integers(3, 8))
    if random.random() < 0.5:
        knots = np.repeat(knots, 2)
    width = np.interp(y[:, 0], np.linspace(-0.95, 0.95, len(knots)), knots)[:, None]
    across = (x / width).clip(-1, 1)
    light = 0.45 + 0.7 * np.sqrt(1 - across**2) * (1 + 0.4 * across * random.choice([-1, 1]))
    return (np.abs(x) < width) & (np.abs(y) < 0.95), light


def _boxed(random: Generator, x: Floats, y: Floats) -> tuple[npt.NDArray[np.bool_], Floats]:
    """A telephone, book, card or box: a rounded rectangle with a lid, a screen or a frame."""
    wide, high = random.uniform(0.3, 0.95, 2)
    power = float(random.choice([2.0, 6.0, 20.0]))
    reach = (np.abs(x) / wide) ** power + (np.abs(y) / high) ** power
    light = 1 + 0.25 * (x * random.normal() + y * random.normal())
    light = np.where(reach < random.uniform(0.2, 0.9) ** power, light * random.uniform(0.4, 1.5), light)
    if random.random() < 0.5:
        light = np.where(y < random.uniform(-0.8, 0.5) * high, light * random.uniform(0.6, 1.3), light)
    return reach < 1, light


def _round(random: Generator, x: Floats, y: Floats) -> tuple[npt.NDArray[np.bool_], Floats]:
    """A fruit, a pebble, a leaf or a cloth: a wavy outline about the middle, or a torus of cloth or rubber."""
    angle = np.arctan2(y, x)
    outline = np.full(x.shape, random.uniform(0.55, 0.75))
    for wave in range(1, 7):
        outline += random.normal(0, 0.12 / wave) * np.cos(wave * angle + random.uniform(0, 7))
    apart = np.hypot(x, y * random.uniform(0.7, 1.4)) / outline.clip(0.2)
    if random.random() < 0.15:
        return (apart < 1) & (apart > 0.55), 1.1 - 2 * np.abs(apart - 0.78)
    return apart < 1, 0.5 + 0.6 * np.sqrt((1 - apart**2).clip(0)) * (1 + 0.3 * x)


def _written(random: Generator, mask: Image.Image) -> None:
    side = mask.width
    word = "".join(random.choice(LETTERS, int(random.integers(1, 5))))
    size = side * random.uniform(0.3, 0.9) / len(word) ** 0.6
    ImageDraw.Draw(mask).text((side / 2, side / 2), word, fill=255, font_size=float(size), anchor="mm")


def _cut_out(random: Generator, mask: Image.Image) -> None:
    """A tool or a toy: some polygons and bars put together."""
    side, draw = mask.width, ImageDraw.Draw(mask)
    for _ in range(random.integers(1, 5)):
        corners = [tuple(one) for one in (random.uniform(0.05, 0.95, (int(random.integers(3, 6)), 2)) * side).tolist()]
        if random.random() < 0.5:
            draw.polygon(corners, fill=255)
        else:
            draw.line(corners[:2], fill=255, width=int(side * random.uniform(0.04, 0.25)))


def _spots(random: Generator, side: int) -> Floats:
    """0..1: none, patches, or a print of stripes."""
    kind = random.random()
    if kind < 0.4:
        return np.zeros((side, side))
    if kind < 0.7:
        cells = int(random.integers(2, 12))
        noise = Image.fromarray(random.normal(0, 1, (cells, cells)).astype(np.float32))
        wide = np.asarray(noise.resize((side, side), Image.Resampling.BICUBIC), np.float64)
        return np.asarray(1 / (1 + np.exp(-wide * random.uniform(0.5, 12))))
    y, x = np.mgrid[0:side, 0:side] / side
    return np.asarray(np.sin((x * random.normal() + y * random.normal()) * random.uniform(8, 60)) > 0, np.float64)


def hand(random: Generator, ground: Levels, tops: list[Image.Image]) -> Scene:
    """A hand, some fingers or one on the ground, rings on none to three of them; `tops` are RGBA to sit on rings."""
    side = ground.shape[0]
    rgb, labels = ground.astype(np.float64), np.zeros((side, side), np.uint8)
    skin = SKIN[random.integers(len(SKIN))] + random.normal(0, 8, 3)
    y, x = np.mgrid[0:side, 0:side] / side
    thick = float(random.choice([random.uniform(0.035, 0.07), random.uniform(0.07, 0.2)], p=[0.65, 0.35]))
    heading = random.uniform(0, 2 * np.pi)
    along, beside = np.array([np.cos(heading), np.sin(heading)]), np.array([-np.sin(heading), np.cos(heading)])
    palm = random.uniform(0.3, 0.7, 2) - along * thick * random.uniform(3, 6)
    _limb(random, rgb, x, y, palm - along * 12 * thick, palm + along * thick, 3.6 * thick, skin)
    number = 0
    with_rings = random.random() < 0.6
    for finger in range(int(random.integers(2, 6))):
        spread = (finger - 1.8) * random.uniform(1.8, 2.1) * thick
        start = palm + beside * spread
        towards = along + beside * (finger - 1.8) * random.uniform(0, 0.25)
        end = start + towards * thick * random.uniform(5, 10)
        radius = thick * random.uniform(0.85, 1.0)
        _limb(random, rgb, x, y, start, end, radius, skin * random.uniform(0.92, 1.05))
        _nail(random, rgb, x, y, end, towards, radius)
        if with_rings and number < 3 and random.random() < 0.4:
            number += 1
            _ring(random, rgb, labels, (x, y), (start, end), radius, number, tops)
    return Scene(rgb.clip(0, 255).astype(np.uint8), labels)


def _places(x: Floats, y: Floats, start: Floats, end: Floats) -> tuple[Floats, Floats]:
    """How far along from `start` to `end`, 0..1 between, and how far aside, signed."""
    way = end - start
    length = float(np.hypot(*way)) + 1e-9
    dx, dy = x - start[0], y - start[1]
    return (dx * way[0] + dy * way[1]) / length**2, (dy * way[0] - dx * way[1]) / length


def _limb(
    random: Generator, rgb: Floats, x: Floats, y: Floats, start: Floats, end: Floats, radius: float, skin: Floats
) -> None:
    """A capsule of skin, lit from one side, with creases."""
    share, aside = _places(x, y, start, end)
    over = (share - share.clip(0, 1)) * np.hypot(*(end - start))
    apart = np.hypot(aside, over) / radius
    light = 0.62 + 0.42 * np.sqrt((1 - apart**2).clip(0)) + random.uniform(-0.15, 0.15) * (aside / radius).clip(-1, 1)
    for crease in random.uniform(0.3, 0.9, 2):
        light -= 0.12 * np.exp(-(((share - crease) * 30) ** 2)) * (random.random() < 0.7)
    inside = apart < 1
    rgb[inside] = (skin * light[..., None])[inside]


def _nail(random: Generator, rgb: Floats, x: Floats, y: Floats, end: Floats, towards: Floats, radius: float) -> None:
    if random.random() < 0.5:
        return
    varnish = colour_of(random) if random.random() < 0.4 else np.array([235, 190, 180])
    tip = end + towards / np.hypot(*towards) * radius * 0.3
    share, aside = _places(x, y, tip, tip + towards)
    inside = (share * np.hypot(*towards) / radius / 0.75) ** 4 + (aside / radius / 0.55) ** 4 < 1
    rgb[inside] = varnish


def _ring(
    random: Generator,
    rgb: Floats,
    labels: Levels,
    at: tuple[Floats, Floats],
    finger: tuple[Floats, Floats],
    radius: float,
    number: int,
    tops: list[Image.Image],
) -> None:
    """A band about a finger, and mostly something on it."""
    share, aside = _places(*at, *finger)
    length = float(np.hypot(*(finger[1] - finger[0])))
    place, bend = random.uniform(0.15, 0.5), random.normal(0, 0.25)
    along = (share - place) * length / radius + bend * (aside / radius) ** 2
    wide = random.uniform(0.1, 0.5)
    band = (np.abs(along) < wide) & (np.abs(aside) < radius * 1.04)
    metal = METALS[random.integers(len(METALS))] * random.uniform(0.8, 1.15)
    waves = np.cos(aside / radius * random.uniform(2, 7) + random.uniform(0, 6)) * 0.35
    edge = 0.85 + 0.25 * np.cos(along / wide * np.pi / 2)
    rgb[band] = (metal * (0.8 + waves)[..., None] * edge[..., None])[band]
    labels[band] = number
    if random.random() < 0.7 and tops:
        side = rgb.shape[0]
        size = max(4, int(side * radius * random.uniform(0.7, 2.4)))
        top = tops[random.integers(len(tops))]
        top = top.resize((size, max(4, round(size * top.height / top.width))), Image.Resampling.BILINEAR)
        if top.height > 2 * size:
            return
        centre = (finger[0] + (finger[1] - finger[0]) * place) * side
        layer = Image.new("RGBA", (side, side))
        layer.paste(top, (int(centre[0] - top.width / 2), int(centre[1] - top.height / 2)))
        shadow = np.asarray(layer.getchannel("A").filter(ImageFilter.GaussianBlur(2)), np.float64) / 255
        rgb *= 1 - 0.35 * shadow[..., None]
        pixels = np.asarray(layer, np.float64)
        alpha = pixels[..., 3:] / 255
        rgb += alpha * (pixels[..., :3] - rgb)
        labels[pixels[..., 3] >= 128] = number
