"""What a suggestion is ranked by: named numbers of an item for a shopper, in 0..1, and their weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PLAIN: Mapping[str, float] = {
    "look": 4.0,
    "alike": 20.0,
    "described": 3.0,
    "together": 5.0,
    "searched": 3.0,
    "set": 2.0,
    "page": 5.0,
    "page_set": 4.0,
    "disliked": -6.0,
    "popular": 0.6,
    "new": 0.1,
    "fresh": 2.0,
    "price": 1.5,
    "type": 1.0,
    "metal": 0.6,
    "stone": 3.0,
}
"""Weights set by hand, by what they find in shops of other seeds than those of the report of the simulated shop. What
looks alike counts most; popularity decides where nothing else speaks.

`look`, `described`, `searched`, `disliked`: like what the shopper acted on, by its look, by its words, like what their
searches found, like what they dismissed. `alike`: how near it is to all that they like, also where none of it is so
near as to be told. `together`: who acted on the one acted on the other. `set`: it makes a set with what they like.
`page`, `page_set`: it looks like, or makes a set with, what the page shows. `popular`: shoppers acted on it lately.
`new`: how lately it came in. `fresh`: it came in within days and is near to what they like. `price`, `type`, `metal`,
`stone`: how much of what they like is alike in that.
"""
NAMES = tuple(PLAIN)
PLAIN_BIAS = -6.0
_AGAINST = "disliked"
_LEAST = 0.02
"""What speaks for an item never speaks against it, so that a reason stays true whatever is learned."""


@dataclass(frozen=True)
class Weights:
    """A logistic regression: an item's score is 1 / (1 + exp(-(bias + values . x))), x being in the order of `NAMES`.

    `name` tells in logs by which weights a list was ranked.
    """

    name: str
    bias: float
    values: Floats

    def logits(self, x: Floats) -> Floats:
        """x: float64 [n, features]; the logits [n]."""
        return np.asarray(x @ self.values + self.bias)

    def of(self, name: str) -> float:
        return float(self.values[NAMES.index(name)])

    def packed(self) -> bytes:
        told = {"bias": self.bias, "weights": dict(zip(NAMES, self.values.tolist(), strict=True))}
        return orjson.dumps({"name": self.name, **told})


def bounded(values: Floats) -> Floats:
    """With the signs that the features have by what they mean."""
    signs = np.array([-1.0 if name == _AGAINST else 1.0 for name in NAMES])
    return np.asarray(signs * np.maximum(signs * values, _LEAST))


def score(logits: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-logits)))


plain = Weights("plain", PLAIN_BIAS, np.array(list(PLAIN.values())))


def in_use(held: bytes | None) -> Weights:
    """Those learned, where there are some of the features of now; else those set by hand."""
    return (unpacked(held) if held else None) or plain


@lru_cache(maxsize=1_000)
def unpacked(held: bytes) -> Weights | None:
    """What `packed` made; None when it was of other features than these."""
    told: dict[str, Any] = orjson.loads(held)
    if told["weights"].keys() != PLAIN.keys():
        return None
    return Weights(told["name"], told["bias"], np.array([told["weights"][name] for name in NAMES]))
