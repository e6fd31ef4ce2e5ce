"""What is done to a picture that is passed off as another: each edit of a picture by name, drawn by a seed."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont

Random = np.random.Generator
Edit = Callable[[Image.Image, Random, Sequence[Image.Image]], Image.Image]
"""The picture, what to draw by, and other pictures to put beside it."""
WORDS = ("NEW ARRIVAL", "50% OFF", "FREE SHIPPING", "fine jewelry studio", "@the.best.shop", "limited edition")


def edited(name: str, picture: Image.Image, seed: int, others: Sequence[Image.Image] = ()) -> Image.Image:
    """`picture` after the edit `name` of `EDITS`; the same seed gives the same bytes. A collage needs `others`."""
    return EDITS[name](picture.convert("RGB"), np.random.default_rng([seed, list(EDITS).index(name)]), others)


def crop(picture: Image.Image, random: Random, _: Sequence[Image.Image] = ()) -> Image.Image:
    """A window of 55 to 80% of each side."""
    share = random.uniform(0.55, 0.8)
    wide, high = (round(side * share) for side in picture.size)
    left = int(random.integers(picture.width - wide + 1))
    top = int(random.integers(picture.height - high + 1))
    return picture.crop((left, top, left + wide, top + high))


def mirror(picture: Image.Image, random: Random, others: Sequence[Image.Image] = ()) -> Image.Image:
    """Turned left to right, and cut a little."""
    return jpeg(picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT), random, others, (70, 90))


def recolour(picture: Image.Image, random: Random, _: Sequence[Image.Image] = ()) -> Image.Image:
    """Another hue, saturation, brightness and contrast."""
    hue, saturation, value = picture.convert("HSV").split()
    turn = int(random.choice([-1, 1]) * random.integers(12, 48))
    turned = Image.merge("HSV", (hue.point([(level + turn) % 256 for level in range(256)]), saturation, value))
    other = ImageEnhance.Color(turned.convert("RGB")).enhance(float(random.uniform(0.6, 1.5)))
    other = ImageEnhance.Brightness(other).enhance(float(random.uniform(0.75, 1.25)))
    return ImageEnhance.Contrast(other).enhance(float(random.uniform(0.8, 1.3)))


def watermark(picture: Image.Image, random: Random, _: Sequence[Image.Image] = ()) -> Image.Image:
    """Words all over, half seen through."""
    layer = Image.new("RGBA", (2 * picture.width, 2 * picture.height), (0, 0, 0, 0))
    size = max(12, picture.height // 12)
    words, font = str(random.choice(WORDS)), ImageFont.load_default(size)
    level = int(random.choice([20, 255]))
    for row in range(0, layer.height, 3 * size):
        ImageDraw.Draw(layer).text(
            (row % (5 * size), row), (words + "    ") * 6, fill=(level, level, level, 110), font=font
        )
    layer = layer.rotate(float(random.uniform(15, 40)))
    left, top = picture.width // 2, picture.height // 2
    layer = layer.crop((left, top, left + picture.width, top + picture.height))
    return Image.alpha_composite(picture.convert("RGBA"), layer).convert("RGB")


def border(picture: Image.Image, random: Random, _: Sequence[Image.Image] = ()) -> Image.Image:
    """A frame of one colour, 6 to 20% of the sides wide."""
    wide = round(random.uniform(0.06, 0.2) * max(picture.size))
    framed = Image.new("RGB", (picture.width + 2 * wide, picture.height + 2 * wide), _colour(random))
    framed.paste(picture, (wide, wide))
    return framed


def text(picture: Image.Image, random: Random, _: Sequence[Image.Image] = ()) -> Image.Image:
    """A banner with words over a fifth of it."""
    written = picture.copy()
    draw = ImageDraw.Draw(written)
    high = round(0.2 * picture.height)
    top = int(random.choice([0, picture.height - high]))
    draw.rectangle((0, top, picture.width, top + high), fill=_colour(random))
    draw.text(
        (8, top + high // 6), str(random.choice(WORDS)), fill=_colour(random), font=ImageFont.load_default(high // 2)
    )
    return written


def screenshot(picture: Image.Image, random: Random, _: Sequence[Image.Image] = ()) -> Image.Image:
    """A phone's screen: bars above and below, the picture between lines of text, made smaller and larger again."""
    shade = int(random.choice([18, 245]))
    wide, high = picture.width, round(1.9 * picture.width)
    screen = Image.new("RGB", (wide, high), (shade,) * 3)
    small = picture.resize((round(0.8 * wide), round(0.8 * picture.height)), Image.Resampling.BILINEAR)
    shown = small.resize((round(0.96 * wide), round(0.96 * picture.height)), Image.Resampling.BICUBIC)
    top = round(random.uniform(0.12, 0.3) * high)
    screen.paste(shown, (round(0.02 * wide), top))
    draw, ink = ImageDraw.Draw(screen), (255 - shade,) * 3
    font = ImageFont.load_default(max(10, wide // 22))
    draw.text((8, 4), "10:42        4G  87%", fill=ink, font=font)
    for line in range(4):
        draw.text((10, top + shown.height + 10 + line * wide // 15), str(random.choice(WORDS)), fill=ink, font=font)
    return screen


def collage(picture: Image.Image, random: Random, others: Sequence[Image.Image] = ()) -> Image.Image:
    """Four pictures in a square, this one among them."""
    place = int(random.integers(4))
    chosen = (
        [others[int(i)] for i in random.choice(len(others), 3, replace=False)] if len(others) >= 3 else [picture] * 3
    )
    tiles = [*chosen[:place], picture, *chosen[place:]]
    side, gap = picture.width * 3 // 4, picture.width // 50
    laid = Image.new("RGB", (2 * side + gap, 2 * side + gap), (255, 255, 255))
    for i, tile in enumerate(tiles):
        laid.paste(tile.convert("RGB").resize((side, side)), ((i % 2) * (side + gap), (i // 2) * (side + gap)))
    return laid


def rephotographed(picture: Image.Image, random: Random, _: Sequence[Image.Image] = ()) -> Image.Image:
    """A photo of a screen: aslant, its grid beating with the sensor's, a reflection over it, cooler, a little soft."""
    large = picture.resize((2 * picture.width, 2 * picture.height), Image.Resampling.BICUBIC)
    levels = np.asarray(large, np.float64) / 255
    y, x = np.mgrid[: large.height, : large.width]
    angle, period = random.uniform(0, np.pi), random.uniform(2.3, 5.0)
    grid = 1 + 0.1 * np.sin(2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) / period)
    beat = 1 + 0.06 * np.sin(2 * np.pi * (x * np.cos(angle + 0.3) + y * np.sin(angle + 0.3)) / random.uniform(30, 80))
    ramp = random.uniform(0.05, 0.2) * (x * random.uniform(-1, 1) + y * random.uniform(-1, 1)) / large.width
    seen = levels * (grid * beat)[..., None] * random.uniform(0.85, 1.0) * np.array([0.95, 1.0, 1.05]) + ramp[..., None]
    return _aslant(_levels(seen), random).filter(ImageFilter.GaussianBlur(0.8))


def printed(picture: Image.Image, random: Random, _: Sequence[Image.Image] = ()) -> Image.Image:
    """A photo of a print: fewer colours, a dot screen, warm paper, aslant under uneven light."""
    large = picture.resize((2 * picture.width, 2 * picture.height), Image.Resampling.BICUBIC)
    levels = np.asarray(large, np.float64) / 255
    y, x = np.mgrid[: large.height, : large.width]
    dots = 0.5 + 0.25 * (np.sin(2 * np.pi * (x + y) / 5.7) + np.sin(2 * np.pi * (x - y) / 5.7))
    inked = np.clip(0.12 + 0.8 * levels + 0.1 * (dots[..., None] - 0.5), 0, 1)
    light = (
        1 + random.uniform(-0.2, 0.2) * (x / large.width - 0.5) + random.uniform(-0.2, 0.2) * (y / large.height - 0.5)
    )
    return _aslant(_levels(inked * light[..., None] * np.array([1.0, 0.97, 0.9])), random)


def jpeg(
    picture: Image.Image, random: Random, _: Sequence[Image.Image] = (), quality: tuple[int, int] = (30, 31)
) -> Image.Image:
    """Compressed with a quality of 30."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=int(random.integers(*quality)))
    return Image.open(buffer).convert("RGB")


def pasted(picture: Image.Image, random: Random, others: Sequence[Image.Image] = ()) -> Image.Image:
    """The middle of it, pasted into another picture."""
    ground = (
        others[int(random.integers(len(others)))] if others else Image.new("RGB", picture.size, _colour(random))
    ).copy()
    wide, high = round(0.7 * picture.width), round(0.7 * picture.height)
    part = picture.crop((round(0.15 * picture.width), round(0.15 * picture.height), wide, high))
    ground = ground.resize(picture.size)
    ground.paste(
        part, (int(random.integers(picture.width - part.width)), int(random.integers(picture.height - part.height)))
    )
    return ground


def _aslant(picture: Image.Image, random: Random) -> Image.Image:
    """Seen from a little aside, on a dark ground."""
    from lab.evaluate.perturb import perspective

    wide = round(0.06 * picture.width)
    framed = Image.new("RGB", (picture.width + 2 * wide, picture.height + 2 * wide), (24, 24, 26))
    framed.paste(picture, (wide, wide))
    seen = perspective(framed, 0.07, random).rotate(float(random.uniform(-4, 4)), Image.Resampling.BICUBIC)
    return seen.resize((picture.width // 2, picture.height // 2), Image.Resampling.BICUBIC)


def _levels(values: npt.NDArray[np.float64]) -> Image.Image:
    return Image.fromarray(np.round(np.clip(values, 0, 1) * 255).astype(np.uint8))


def _colour(random: Random) -> tuple[int, int, int]:
    red, green, blue = random.integers(0, 256, 3).tolist()
    return red, green, blue


EDITS: dict[str, Edit] = {
    "crop": crop,
    "mirror": mirror,
    "recolour": recolour,
    "watermark": watermark,
    "border": border,
    "text": text,
    "screenshot": screenshot,
    "collage": collage,
    "re-photographed screen": rephotographed,
    "JPEG 30": jpeg,
    "re-photographed print": printed,
    "partly pasted": pasted,
}
"""New names are added at the end: a picture's edit follows from its place here."""
