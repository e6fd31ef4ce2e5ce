"""From constants to machines."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np

from bench.scale import constants
from bench.suite.queueing import Predicted, mean_values
from services.embedder.manifest import SHIPPED, read_manifest
from shared.contracts.analysis import Analysis, Attribute, Box, Piece
from shared.contracts.fields import pack_features, pack_vector
from shared.contracts.messages import (
    ImageAnalysed,
    ImageIndexed,
    ImageStored,
    ItemChanged,
    ItemIndexed,
    ItemTextAnalysed,
    Message,
)
from shared.contracts.routes import SUBSCRIBERS

ITEMS = (10**5, 10**7, 10**9, 3 * 10**9)
QUERIES = (10, 10**3, 10**5)
REPLICAS = 2
NODE_GB = 64
FULL = 0.75
"""How much of a node's memory the index takes."""
NODE_CORES = 8
BUSY = 0.7
"""How busy cores are to be: the queueing model says what that costs in time."""
MONTH_SECONDS = 30 * 86_400
GPU_TARGET = 800
"""Pictures a second of the whole embedder on one GPU: a target, measured nowhere yet."""
_MEASURED_GRAPH = 50_000
_MEASURED_SCAN = 100_000
FLOW: tuple[type[Message], ...] = (
    ItemChanged,
    ItemTextAnalysed,
    ItemIndexed,
    ImageStored,
    ImageAnalysed,
    ImageIndexed,
)
"""What a new item with a picture sends through the broker while nothing goes wrong."""


def deliveries() -> int:
    """Messages that an item with a picture makes, each counted for every queue that gets it."""
    return sum(len(SUBSCRIBERS[message]) for message in FLOW)


def analysis_bytes() -> int:
    """The object of a picture with one piece, by the model that ships."""
    manifest = read_manifest(SHIPPED)
    known = Attribute(value="necklace", confidence=0.987654321)
    piece = Piece(
        box=Box(x0=0.123456789, y0=0.123456789, x1=0.987654321, y1=0.987654321),
        confidence=0.987654321,
        vector=pack_vector(np.ones(manifest.dimension, np.float32)),
        features=pack_features(np.ones(manifest.feature_dimension, np.float32)),
        type=known,
        metal=known,
        stone=known,
        cut=known,
        setting=known,
    )
    analysis = Analysis(sha256="0" * 64, model_version=manifest.version, width=1024, height=1024, pieces=[piece])
    return len(analysis.model_dump_json())


def message_bytes() -> int:
    """JSON of all deliveries of an item with a picture, with names as long as they mostly are."""
    named: dict[str, Any] = {
        "tenant": "a-shop-of-jewelry",
        "correlation_id": str(UUID(int=1)),
        "sku": "RING-SOLITAIRE-0123",
        "image_id": str(UUID(int=2)),
        "sha256": "0" * 64,
        "text_sha256": "0" * 64,
        "content_type": "image/jpeg",
        "model_version": "loupe-wide-3",
        "item_revision": 1,
        "revision": 1,
    }
    total = 0
    for message in FLOW:
        fields = {name: named[name] for name in message.model_fields if name in named}
        written = message.model_construct(**fields).model_dump_json(warnings=False)
        total += len(written) * len(SUBSCRIBERS[message])
    return total


@dataclass(frozen=True)
class Stock:
    """So many items with a picture each: bytes, and what it takes to bring them in."""

    items: int

    @property
    def pictures(self) -> float:
        return self.items * constants.PICTURE_KB.value * 1e3

    @property
    def analyses(self) -> float:
        return float(self.items * analysis_bytes())

    @property
    def index(self) -> float:
        """Bytes of memory with all replicas."""
        return self.items * constants.INDEX_KB.value * 1e3 * REPLICAS

    @property
    def nodes(self) -> int:
        """Of the index; at least as many as there are replicas."""
        return max(REPLICAS, math.ceil(self.index / (NODE_GB * 1e9 * FULL)))

    @property
    def core_days(self) -> float:
        return self.items * constants.PICTURE_MS.value / 1e3 / 86_400

    @property
    def messages_a_second(self) -> float:
        """While all of them are brought in within a month."""
        return self.items * deliveries() / MONTH_SECONDS

    @staticmethod
    def scanned_within(ms: float) -> int:
        """Items of which each vector is looked at in so much CPU."""
        return int(_MEASURED_SCAN * ms / constants.SCAN_MS.value)

    def scan_ms(self) -> float:
        """CPU of a search that looks at every vector."""
        return constants.SCAN_MS.value * self.items / _MEASURED_SCAN

    def graph_ms(self) -> float:
        """CPU of a search that asks every shard's graph, whose cost grows with the logarithm of what is in it (Malkov
        and Yashunin 2018)."""
        shards = self.nodes // REPLICAS
        each = math.log(max(_MEASURED_GRAPH, self.items / shards)) / math.log(_MEASURED_GRAPH)
        return shards * constants.GRAPH_MS.value * each


@dataclass(frozen=True)
class Load:
    """So many searches by new photos a second over so many items; cores at `BUSY`."""

    stock: Stock
    queries: int

    @property
    def model(self) -> float:
        return self._cores(constants.PICTURE_MS.value)

    @property
    def front(self) -> float:
        return self._cores(constants.PHOTO_MS.value)

    @property
    def engine(self) -> float:
        """Where a search asks every shard."""
        return self._cores(self.stock.graph_ms())

    def engine_of_one_shop(self, items: int) -> float:
        """Where it asks the one shard that has its shop, of so many items."""
        return self._cores(Stock(items).graph_ms())

    @property
    def machines(self) -> int:
        """Model and front by their cores, the engine by cores or memory, whichever asks for more."""
        front = math.ceil((self.model + self.front) / NODE_CORES)
        return front + max(self.stock.nodes, math.ceil(self.engine / NODE_CORES))

    def _cores(self, ms: float) -> float:
        return self.queries * ms / 1e3 / BUSY


def photo_search(clients: int, cores: int = NODE_CORES) -> Predicted:
    """A machine that has model, gateway and ranking, asked by so many without a pause."""
    cpu = (constants.PICTURE_MS.value + constants.PHOTO_MS.value) / 1e3
    other = max(0.0, constants.PHOTO_WAIT_MS.value / 1e3 - cpu)
    return mean_values(clients, cpu, other, cores)


def as_busy(cores: int = NODE_CORES) -> Predicted:
    """The first number of clients at which the machine's cores are `BUSY`."""
    cpu = (constants.PICTURE_MS.value + constants.PHOTO_MS.value) / 1e3
    clients = 1
    while (predicted := photo_search(clients, cores)).rate * cpu / cores < BUSY:
        clients += 1
    return predicted
