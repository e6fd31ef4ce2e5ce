"""Places in the plane for vectors, so that those which are alike lie side by side: t-SNE in numpy alone.

As van der Maaten and Hinton (2008), with two shortcuts by which 50,000 vectors take minutes on two cores: a vector is
drawn to its 15 nearest alone, each alike (Boehm et al. 2022 show that this is as good as a perplexity), and the
repulsion of all by all is read from a grid on which it is a convolution (Linderman et al. 2019). No chance is in it:
the same vectors from the same places come to the same places.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
NEIGHBOURS = 15
FIRST_STEPS, STEPS, AGAIN_STEPS = 120, 380, 120
_EXAGGERATION = 12.0
_BLOCK = 1_024
_CELLS = 32, 320
_CELL = 0.5
"""How wide a cell of the grid is to be, in units of the kernel 1 / (1 + d^2), where there are cells enough."""
_LONGEST_STEP = 5.0
_FEW = 500


def nearest(vectors: Floats, count: int, among: Floats | None = None) -> NDArray[np.intp]:
    """[n, d] unit rows -> [n, count] rows of `among` of the highest cosine, in falling order; of `vectors` themselves
    where none are given, and then none is its own."""
    others = vectors if among is None else among
    found = np.empty((len(vectors), count), dtype=np.intp)
    for start in range(0, len(vectors), _BLOCK):
        alike = vectors[start : start + _BLOCK] @ others.T
        if among is None:
            rows = np.arange(len(alike))
            alike[rows, start + rows] = -2.0
        best = np.argpartition(alike, -count, axis=1)[:, -count:]
        order = np.argsort(-np.take_along_axis(alike, best, axis=1), axis=1, kind="stable")
        found[start : start + _BLOCK] = np.take_along_axis(best, order, axis=1)
    return found


def lay_out(vectors: Floats, before: Floats | None = None) -> Floats:
    """[n, d] unit rows -> [n, 2] places, in units of t-SNE. `before`: [n, 2] places to begin at and stay near to."""
    count = len(vectors)
    if count < 4:
        return np.asarray(np.arange(2 * count).reshape(count, 2) % 2, dtype=np.float32)
    near = nearest(vectors, min(NEIGHBOURS, count - 1))
    ends = np.repeat(np.arange(count), near.shape[1]), near.ravel()
    # Both ways, so that what draws is drawn: each end of a pair gets half of its weight.
    heads, tails = np.concatenate(ends), np.concatenate(ends[::-1])
    weight = 1.0 / len(heads)
    places = _spread(vectors) if before is None else before.astype(np.float64)
    speed = np.zeros_like(places)
    rate = max(200.0, count / _EXAGGERATION)
    for step in range(AGAIN_STEPS if before is not None else FIRST_STEPS + STEPS):
        early = before is None and step < FIRST_STEPS
        drawn = _attraction(places, heads, tails, weight) * (_EXAGGERATION if early else 1.0)
        force = _repulsion(places) - drawn
        speed = (0.5 if early else 0.8) * speed + rate * force
        longest = np.sqrt((speed**2).sum(axis=1, keepdims=True))
        speed *= np.minimum(1.0, _LONGEST_STEP / np.maximum(longest, 1e-12))
        places = places + speed
        if before is None:
            places -= places.mean(axis=0)
    return places.astype(np.float32)


def beside(vectors: Floats, known: Floats, places: Floats) -> Floats:
    """[n, 2] places of vectors that were not laid out: amid the three of `known` that each is most like."""
    count = min(3, len(known))
    near = nearest(vectors, count, known)
    weight = np.maximum(np.einsum("nd,nkd->nk", vectors, known[near]), 1e-3) ** 8
    middle = np.einsum("nk,nkx->nx", weight / weight.sum(axis=1, keepdims=True), places[near])
    return np.asarray(middle, dtype=np.float32)


def kept_together(vectors: Floats, places: Floats, sample: int = 1_000) -> float:
    """Of a sample's 10 nearest by look, the share that are among its 30 nearest on the map."""
    count = len(vectors)
    if count < 40:
        return 1.0
    rows = np.arange(0, count, max(1, count // sample))
    alike = vectors[rows] @ vectors.T
    apart = ((places[rows, None, :] - places[None, :, :]) ** 2).sum(axis=2) if count < 5_000 else _apart(places, rows)
    alike[np.arange(len(rows)), rows] = -2.0
    apart[np.arange(len(rows)), rows] = np.inf
    look = np.argpartition(-alike, 10, axis=1)[:, :10]
    here = np.argpartition(apart, 30, axis=1)[:, :30]
    shared = [len(set(one) & set(other)) for one, other in zip(look.tolist(), here.tolist(), strict=True)]
    return float(np.mean(shared)) / 10


def _apart(places: Floats, rows: NDArray[np.intp]) -> Floats:
    squares = (places**2).sum(axis=1)
    return np.asarray(squares[rows, None] + squares[None, :] - 2 * places[rows] @ places.T, dtype=np.float32)


def _spread(vectors: Floats) -> NDArray[np.float64]:
    """The two axes along which the vectors differ most, made small: where t-SNE begins best (Kobak and Berens 2019)."""
    centred = vectors - vectors.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    flat = centred @ axes[:, -2:] if axes.shape[1] > 1 else np.column_stack([centred[:, 0], centred[:, 0]])
    nudge = np.column_stack([np.sin(np.arange(len(vectors))), np.cos(np.arange(len(vectors)))])  # equals come apart
    return np.asarray(flat / max(float(flat[:, -1].std()), 1e-9) * 1e-4 + nudge * 1e-6, dtype=np.float64)


def _attraction(
    places: NDArray[np.float64], heads: NDArray[np.intp], tails: NDArray[np.intp], weight: float
) -> NDArray[np.float64]:
    across = places[heads] - places[tails]
    pull = across * (weight / (1.0 + (across**2).sum(axis=1, keepdims=True)))
    return np.column_stack([np.bincount(heads, pull[:, axis], len(places)) for axis in (0, 1)])


def _repulsion(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of all by all: the sum of (y - z) / (1 + d^2)^2 over the sum of 1 / (1 + d^2)."""
    return exactly(places) if len(places) <= _FEW else by_grid(places)


def exactly(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Faster than a grid where there are few."""
    across = places[:, None] - places[None]
    near = 1.0 / (1.0 + np.einsum("nmx,nmx->nm", across, across))
    force = np.einsum("nmx,nm->nx", across, near**2)
    return np.asarray(force / max(float(near.sum()) - len(places), 1e-9))


def by_grid(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Read from a grid of charges, each spread over the four cells about it."""
    low = places.min(axis=0)
    extent = float((places.max(axis=0) - low).max())
    cells = int(np.clip(np.ceil(extent / _CELL), *_CELLS))
    width = max(extent, 1e-9) / cells
    size = 2 * (cells + 2)
    at = (places - low) / width
    corner = np.minimum(at.astype(np.intp), cells)
    part = at - corner
    shares = [
        (
            (part[:, 0] if right else 1 - part[:, 0]) * (part[:, 1] if up else 1 - part[:, 1]),
            (corner[:, 0] + right) * size + corner[:, 1] + up,
        )
        for right in (0, 1)
        for up in (0, 1)
    ]
    charge = np.zeros(size * size)
    for share, cell in shares:
        charge += np.bincount(cell, share, size * size)
    steps = np.minimum(np.arange(size), size - np.arange(size)) * width
    signed = np.where(np.arange(size) <= size // 2, np.arange(size), np.arange(size) - size) * width
    near = 1.0 / (1.0 + steps[:, None] ** 2 + steps[None, :] ** 2)
    spectrum = np.fft.rfft2(charge.reshape(size, size))
    fields = []
    for kernel in (near, signed[:, None] * near**2, signed[None, :] * near**2):
        field = np.fft.irfft2(spectrum * np.fft.rfft2(kernel), s=(size, size)).ravel()
        fields.append(sum(share * field[cell] for share, cell in shares))
    total = max(float(np.sum(fields[0])) - len(places), 1e-9)
    return np.column_stack(fields[1:]) / total
