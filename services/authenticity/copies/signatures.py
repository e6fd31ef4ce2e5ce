"""Short bits that stand for vectors and pictures, so that millions are compared in memory in milliseconds.

Of a unit vector: the signs of its products with fixed random directions. Two vectors at the angle a differ in each bit
with the probability a / pi (Charikar, Similarity estimation techniques from rounding algorithms, STOC 2002), so few
bits differ between those that look alike. Of a picture: the signs of its low frequencies (`Fingerprints`).
"""

from __future__ import annotations

import hashlib
from functools import cache

import numpy as np
import numpy.typing as npt

from shared.contracts.fields import Vector
from shared.contracts.lookalikes import HASH_FREQUENCIES

BITS = 512
WORDS = BITS // 64
Words = npt.NDArray[np.uint64]


def signatures(vectors: Vector) -> Words:
    """uint64 [n, WORDS] of float32 vectors [n, d]."""
    bits = (vectors @ _directions(vectors.shape[1])) > 0
    return np.packbits(bits, axis=1).view(np.uint64)


def hash_word(digits: str) -> np.uint64:
    """A `PictureHash` as a word."""
    return np.uint64(int(digits, 16))


def mirrored(word: np.uint64) -> np.uint64:
    """The hash of the mirror image: left to right, each odd frequency changes its sign."""
    return np.uint64(word ^ _ODD)


def differing(of: Words, one: Words) -> npt.NDArray[np.int64]:
    """int64 [n]: in how many bits each row of [n, w] differs from [w]."""
    return np.asarray(np.bitwise_count(of ^ one).sum(axis=-1), np.int64)


def chance(cosine: float) -> float:
    """The share of bits, in 0..1, in which the signatures of two vectors of that cosine are expected to differ."""
    return float(np.arccos(np.clip(cosine, -1, 1)) / np.pi)


_ODD = np.uint64(int("".join(str(across % 2) for _, across in HASH_FREQUENCIES), 2))


@cache
def _directions(dimension: int) -> Vector:
    """float32 [dimension, BITS] of -1 and 1, the same for good: they are drawn by a hash, not by a library."""
    drawn = hashlib.shake_256(b"loupe-signature-1").digest(dimension * BITS // 8)
    bits = np.unpackbits(np.frombuffer(drawn, np.uint8)).reshape(dimension, BITS)
    return bits.astype(np.float32) * 2 - 1
