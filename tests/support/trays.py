"""Pictures of several pieces, and a finder that sees them: any that stand apart on white."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from services.embedder.find import Found
from shared.contracts.analysis import Box

RED, GREEN, BLUE = (200, 30, 40), (30, 160, 60), (40, 60, 200)


def tray(*blocks: tuple[tuple[int, int, int], float], width: int = 1200, height: int = 400) -> Image.Image:
    """Blocks of a colour and a side (a share of the height), each in the middle of its share of the width."""
    picture = Image.new("RGB", (width, height), "white")
    for place, (colour, share) in enumerate(blocks):
        side = round(share * height)
        middle = round((place + 0.5) * width / len(blocks))
        left, upper = middle - side // 2, (height - side) // 2
        picture.paste(colour, (left, upper, left + side, upper + side))
    return picture


def find_on_white(picture: Image.Image) -> Sequence[Found]:
    """What stands between white columns, from left to right; all equally sure."""
    dark = np.asarray(picture.convert("L")) < 240
    columns = np.concatenate([[False], dark.any(axis=0), [False]])
    edges = np.flatnonzero(columns[1:] != columns[:-1])
    found = []
    for left, right in zip(edges[::2], edges[1::2], strict=True):
        rows = np.flatnonzero(dark[:, left:right].any(axis=1))
        box = Box(
            x0=left / picture.width,
            y0=rows[0] / picture.height,
            x1=right / picture.width,
            y1=(rows[-1] + 1) / picture.height,
        )
        found.append(Found(box, 0.9))
    return found
