"""Photos as shops send them, made of the sample catalogue: 1,000 pixels a side, with grain, about 100 kB."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

SAMPLE = Path(__file__).parents[2] / "deploy" / "local" / "sample" / "pictures"
_SIDE, _GRAIN, _QUALITY = 1_000, 3.0, 75
"""The grain is of 255. Without it an enlarged picture would be a tenth of the size, and decode faster."""
_GRAINS = 8


def photograph(number: int) -> bytes:
    """JPEG; no two numbers below 10,000 give the same picture: each is cut out of its render in its own way."""
    renders = sorted(SAMPLE.iterdir())
    cut = number // len(renders)
    with Image.open(renders[number % len(renders)]) as small:
        width, height = small.size
        left, top = 1 + cut % 6, 1 + cut // 6
        box = (left, top, width - left, height - top)
        large = small.convert("RGB").crop(box).resize((_SIDE, _SIDE), Image.Resampling.BICUBIC)
    levels = np.asarray(large, dtype=np.int16) + _grain(number % _GRAINS)
    made = io.BytesIO()
    Image.fromarray(levels.clip(0, 255).astype(np.uint8)).save(made, "JPEG", quality=_QUALITY)
    return made.getvalue()


def _grain(number: int) -> np.ndarray:
    return np.random.default_rng(number).normal(0, _GRAIN, (_SIDE, _SIDE, 1)).astype(np.int16)
