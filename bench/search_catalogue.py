"""A large catalogue by its vectors, and what brute force finds in it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from services.embedder.main import load_models
from services.embedder.settings import Settings
from shared.contracts.fields import Vector
from shared.contracts.text import TEXT_DIMENSION
from shared.vectorstore import Point, Text

Numbers = NDArray[np.integer]
RENDERS = Path(__file__).parents[1] / "lab" / "evaluation" / "renders" / "pictures"
EVERY = (1, 10, 100, 1_000)
"""A filter keeps one of so many items: 100%, 10%, 1% and 0.1%."""
QUERIES, TOP = 200, 10
_VOCABULARY = 3_000
_WORDS = 12
_CHUNK = 500
_STRAY = 0.4
"""The part of a difference of two vectors that an item strays by: its cosine to its picture's is then 0.9 or so."""


class Catalogue:
    """Items in chunks, the same ones for each engine, and what brute force finds among them."""

    def __init__(self, pictures: Vector, items: int) -> None:
        self.items = items
        self.dimension = pictures.shape[1]
        self._pictures = pictures
        self.queries = self._varied(np.random.default_rng(1), QUERIES)
        self._best: dict[int, list[tuple[Vector, Numbers]]] = {}

    def chunks(self) -> Iterator[list[Point]]:
        frequency = 1 / np.arange(1, _VOCABULARY + 1)
        frequency /= frequency.sum()
        nothing = (np.empty(0, np.float32), np.empty(0, int))
        self._best = {every: [nothing] * QUERIES for every in EVERY}
        for first in range(0, self.items, _CHUNK):
            rng = np.random.default_rng([2, first])
            numbers = np.arange(first, min(first + _CHUNK, self.items))
            rows = self._varied(rng, len(numbers))
            self._look_at(numbers, rows)
            meanings = rng.standard_normal((len(numbers), TEXT_DIMENSION), dtype=np.float32)
            terms = rng.choice(_VOCABULARY, (len(numbers), _WORDS), p=frequency)
            yield [
                Point(id_of(n), row, {"sku": f"SKU-{n}", "tags": tags(n)}, text_of(meaning, words))
                for n, row, meaning, words in zip(numbers.tolist(), rows, meanings, terms, strict=True)
            ]

    def nearest(self, query: int, every: int) -> set[str]:
        """What brute force found among the items of the chunks that were taken."""
        return {id_of(number) for number in self._best[every][query][1].tolist()}

    def texts(self) -> list[Text]:
        """Queries in words: three terms, none of the most frequent."""
        rng = np.random.default_rng(3)
        return [
            text_of(rng.standard_normal(TEXT_DIMENSION, dtype=np.float32), rng.integers(20, _VOCABULARY, 3))
            for _ in range(QUERIES)
        ]

    def _varied(self, rng: np.random.Generator, count: int) -> Vector:
        one, two, three = rng.integers(len(self._pictures), size=(3, count))
        rows = self._pictures[one] + _STRAY * (self._pictures[two] - self._pictures[three])
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)

    def _look_at(self, numbers: Numbers, rows: Vector) -> None:
        cosines = self.queries @ rows.T
        for every in EVERY:
            kept = numbers % every == 0
            for query in range(QUERIES):
                scores, found = self._best[every][query]
                scores = np.concatenate([scores, cosines[query, kept]])
                found = np.concatenate([found, numbers[kept]])
                top = np.argsort(-scores)[:TOP]
                self._best[every][query] = scores[top], found[top]


def id_of(number: int) -> str:
    return str(uuid.UUID(int=number + 1))


def tags(number: int) -> list[str]:
    return [f"every-{every}" for every in EVERY if number % every == 0]


def text_of(meaning: Vector, words: Numbers) -> Text:
    unit = meaning / np.linalg.norm(meaning)
    return Text(unit.astype(np.float32), dict.fromkeys(set(words.tolist()), 1.0))


def vectors_of_renders(pictures: int) -> tuple[str, Vector]:
    """The model's name, and float32 [pictures, dimension], unit rows: of the main pieces."""
    model = load_models(Settings(broker_url="", object_store_url=""))[0]
    paths = sorted(RENDERS.iterdir())
    paths = paths[:: max(1, len(paths) // pictures)][:pictures]
    rows = np.stack([model(path.read_bytes(), "query").pieces[0].embedding() for path in paths])
    model.close()
    return model.model_version, rows
