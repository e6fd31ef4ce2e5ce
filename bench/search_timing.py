"""Searches through the running stack, each beside the bare model and the bare engine."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil
from prometheus_client.parser import text_string_to_metric_families

from bench.search_questions import Piece
from bench.search_shop import store_of
from bench.search_stack import ask
from deploy.local.home import TENANT
from services.embedder.main import load_models
from services.embedder.settings import Settings
from services.embedder.text_encoder import TextEncoder
from services.recommender.ranking import BESIDE_THE_MAIN
from shared.vectorstore import Filter, Text, VectorStore
from tests.support.stack import RunningStack

QUERIES, LIMIT, WARM_UP = 200, 20, 10
STAGES = {
    "gateway: read the request": ("loupe_search_seconds", "read"),
    "gateway: vectors from the embedder": ("loupe_search_seconds", "embedder"),
    "gateway: ranking from the recommender": ("loupe_search_seconds", "recommender"),
    "recommender: candidates": ("loupe_recommender_stage_seconds", "candidates"),
    "recommender: rank": ("loupe_recommender_stage_seconds", "rank"),
    "recommender: explain": ("loupe_recommender_stage_seconds", "explain"),
    "gateway: join with the catalogue": ("loupe_search_seconds", "join"),
}


@dataclass
class Timed:
    """Of one kind of search, in ms: through the API, by the bare model, by the bare engine; `stages` are means.

    `cpu`: what a search takes of a core in the process of gateway, recommender and indexer, the engine's work included.
    """

    what: str
    api: list[float]
    model: list[float]
    engine: list[float]
    stages: Mapping[str, float]
    cpu: float

    def lines(self) -> list[str]:
        added = np.subtract(np.subtract(self.api, self.model), self.engine)
        rows: dict[str, Sequence[float]] = {"through the API": self.api, "model alone": self.model}
        rows |= {"engine alone": self.engine, "**gateway and ranking add**": added.tolist()}
        quantiles = {name: np.quantile(times, [0.5, 0.99]) for name, times in rows.items()}
        return [
            f"## {self.what}",
            "",
            f"{len(self.api)} searches, one after the other, none asked before.",
            "",
            "| what | p50 ms | p99 ms |",
            "| --- | --- | --- |",
            *(f"| {name} | {p50:.1f} | {p99:.1f} |" for name, (p50, p99) in quantiles.items()),
            "",
            f"A search took {self.cpu:.1f} ms of CPU in the process of gateway, recommender and indexer, the engine's",
            "included: a figure that other work on the machine hardly changes.",
            "",
            "| stage, by the metrics | mean ms |",
            "| --- | --- |",
            *(f"| {name} | {mean:.1f} |" for name, mean in self.stages.items()),
            "",
        ]


class Bare:
    """The model, the sentence model and the engine without any service, in this process."""

    def __init__(self, home: Path, folder: Path) -> None:
        """`home` is of a stopped stack: its index is copied into `folder`."""
        shutil.copytree(home / "vectors", folder / "copy" / "vectors")
        self.store: VectorStore = store_of(folder / "copy")
        (self._model,) = load_models(Settings(broker_url="", object_store_url=""))
        self._words = TextEncoder()

    def photo(self, picture: bytes) -> tuple[float, float]:
        """ms of the model and of the engine."""
        started = time.perf_counter()
        vector = self._model(picture, "query").pieces[0].embedding()
        between = time.perf_counter()
        self.store.search(TENANT, vector, LIMIT)
        return (between - started) * 1e3, (time.perf_counter() - between) * 1e3

    def words(self, words: str) -> tuple[float, float]:
        started = time.perf_counter()
        vectors = self._words(words)
        text = Text(vectors.meaning(), vectors.terms)
        between = time.perf_counter()
        self.store.search_text(TENANT, text, LIMIT, Filter(must_not=[BESIDE_THE_MAIN]))
        return (between - started) * 1e3, (time.perf_counter() - between) * 1e3


def by_photo(stack: RunningStack, bare: Bare, pieces: Sequence[Piece]) -> Timed:
    def search(api: httpx.Client, photo: Path) -> None:
        ask(api, {"limit": LIMIT}, photo)

    photos = [piece.photo for piece in pieces][: QUERIES + WARM_UP]
    return _timed("By a photo", stack, photos, search, lambda photo: bare.photo(photo.read_bytes()))


def by_words(stack: RunningStack, bare: Bare, what: str, texts: Sequence[str]) -> Timed:
    def search(api: httpx.Client, words: str) -> None:
        ask(api, {"limit": LIMIT, "words": words})

    different = [*dict.fromkeys(text[:300] for text in texts)][: QUERIES + WARM_UP]
    return _timed(what, stack, different, search, bare.words)


def _timed(
    what: str,
    stack: RunningStack,
    queries: Sequence[Any],
    search: Callable[[httpx.Client, Any], None],
    bare: Callable[[Any], tuple[float, float]],
) -> Timed:
    (backend,) = stack.children("backend")
    with stack.api as api:
        for query in queries[:WARM_UP]:
            search(api, query)
            bare(query)
        before, cpu, times = _stages(stack), 0.0, []
        for query in queries[WARM_UP:]:
            used, started = _cpu(backend), time.perf_counter()
            search(api, query)
            whole = (time.perf_counter() - started) * 1e3
            cpu += _cpu(backend) - used
            times.append((whole, *bare(query)))
        after = _stages(stack)
    stages = {name: (after[name] - before[name]) * 1e3 / len(times) for name in STAGES}
    through, model, engine = (list(column) for column in zip(*times, strict=True))
    return Timed(what, through, model, engine, stages, cpu * 1e3 / len(times))


def _cpu(process: psutil.Process) -> float:
    used = process.cpu_times()
    return float(used.user + used.system)


def _stages(stack: RunningStack) -> dict[str, float]:
    """Seconds that each stage has taken so far."""
    wanted = {(f"{metric}_sum", stage): name for name, (metric, stage) in STAGES.items()}
    took = dict.fromkeys(STAGES, 0.0)
    for family in text_string_to_metric_families(stack.metrics()):
        for sample in family.samples:
            if name := wanted.get((sample.name, sample.labels.get("stage", ""))):
                took[name] += sample.value
    return took
