"""A map as it is stored: which item lies where, seen by which picture, and by which axes."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np

from services.recommender.map.layout import Floats


@dataclass(frozen=True)
class Held:
    """`places` float32 [n, 2] as they were laid out; `model` whose vectors it was made of. No pickle is in it."""

    skus: list[str]
    looks: list[str]
    places: Floats
    vectors: Floats
    basis: Floats
    model: str


def pack(held: Held) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        skus=_text(held.skus),
        looks=_text(held.looks),
        places=held.places,
        vectors=held.vectors.astype(np.float16),
        basis=held.basis,
        model=_text([held.model]),
    )
    return buffer.getvalue()


def unpack(packed: bytes) -> Held:
    with np.load(io.BytesIO(packed), allow_pickle=False) as stored:
        return Held(
            skus=_lines(stored["skus"]),
            looks=_lines(stored["looks"]),
            places=stored["places"],
            vectors=stored["vectors"].astype(np.float32),
            basis=stored["basis"],
            model=_lines(stored["model"])[0],
        )


def _text(lines: list[str]) -> Any:
    """No SKU and no id holds a line break."""
    return np.frombuffer("\n".join(lines).encode(), dtype=np.uint8)


def _lines(stored: Any) -> list[str]:
    text = stored.tobytes().decode()
    return text.split("\n") if text else []
