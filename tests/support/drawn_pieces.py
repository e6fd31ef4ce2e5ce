"""Pictures of imagined pieces, drawn for tests: no photograph is in this repository."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageDraw


def drawn_pieces(count: int, seed: int = 11) -> list[Image.Image]:
    """`count` RGB pictures, all different: rings with stones in random colours, places and sizes."""
    random = np.random.default_rng(seed)
    pieces = []
    for _ in range(count):
        width, height = (int(side) for side in random.integers(280, 520, 2))
        picture = Image.new("RGB", (width, height), tuple(int(level) for level in random.integers(180, 256, 3)))
        draw = ImageDraw.Draw(picture)
        metal, stone = (tuple(int(level) for level in random.integers(0, 230, 3)) for _ in range(2))
        x, y, radius = random.uniform(0.35, 0.6) * width, random.uniform(0.35, 0.6) * height, random.uniform(60, 120)
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), outline=metal, width=int(random.integers(6, 24)))
        for angle in np.linspace(0, 2 * np.pi, int(random.integers(2, 12)), endpoint=False):
            at_x, at_y, size = x + radius * np.cos(angle), y + radius * np.sin(angle), float(random.uniform(6, 22))
            draw.regular_polygon((at_x, at_y, size), int(random.integers(3, 9)), fill=stone, outline="black")
        pieces.append(picture)
    return pieces


def jpeg(picture: Image.Image, quality: int = 90) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()
