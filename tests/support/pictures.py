"""Pictures that tests make: each drawn from its number, no two alike."""

from __future__ import annotations

import io
import random
from pathlib import Path

from PIL import Image, ImageDraw


def drawing(number: int, side: int = 320) -> bytes:
    """A JPEG of coloured rings and stones, the same for the same number."""
    dice = random.Random(number)
    picture = Image.new("RGB", (side, side), _colour(dice, 200))
    pencil = ImageDraw.Draw(picture)
    for _ in range(12):
        x, y, size = dice.randrange(side), dice.randrange(side), dice.randrange(20, side // 2)
        pencil.ellipse((x - size, y - size, x + size, y + size), outline=_colour(dice), width=dice.randrange(3, 25))
        pencil.rectangle((y, x, y + size // 3, x + size // 4), fill=_colour(dice))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=85)
    return out.getvalue()


def catalogue(folder: Path, count: int, first: int = 0, side: int = 320) -> Path:
    """A CSV of `count` items with a drawing each, numbered from `first`, in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["sku,title,price,currency,images"]
    for number in range(first, first + count):
        (folder / f"{number}.jpg").write_bytes(drawing(number, side))
        lines.append(f"DRAWN-{number:04},Drawing {number},{10 + number}.50,EUR,{number}.jpg")
    file = folder / "catalogue.csv"
    file.write_text("\n".join(lines) + "\n")
    return file


def _colour(dice: random.Random, darkest: int = 0) -> tuple[int, int, int]:
    return (dice.randrange(darkest, 256), dice.randrange(darkest, 256), dice.randrange(darkest, 256))
