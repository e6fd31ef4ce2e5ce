"""What the embedder counts beside the metrics that every service has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import numpy as np
from prometheus_client import Counter, Histogram

from services.embedder.batcher import Lane
from shared.contracts.analysis import Analysis
from shared.observability import traces

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

BATCH_SIZE = Histogram(
    "loupe_embedder_batch_size", "Pictures in a forward", ["lane"], buckets=(1, 2, 4, 8, 16, 32, 64, 128)
)
BATCH_WAIT = Histogram(
    "loupe_embedder_batch_wait_seconds", "From submit to the start of its forward", ["lane"], buckets=_SECONDS
)
FORWARD = Histogram("loupe_embedder_forward_seconds", "Duration of a forward", ["lane"], buckets=_SECONDS)
OUT_OF_MEMORY = Counter(
    "loupe_embedder_out_of_memory_total",
    "Forwards for which there was no memory: of a batch, which was halved, or of one picture alone",
    ["outcome"],
)
for _outcome in ("halved", "alone"):
    OUT_OF_MEMORY.labels(_outcome)  # 0 from the start
Stage = Literal["read", "decode", "find", "prepare", "forward", "describe", "write"]
STAGES = Histogram("loupe_embedder_stage_seconds", "Time of a picture by stage", ["stage"], buckets=_SECONDS)
TYPES = Counter(
    "loupe_embedder_types_total",
    "Pictures by the type of their main piece: of the shop (ingest), and of what is searched by (query)",
    ["lane", "type"],
)
CONFIDENCE = Histogram(
    "loupe_embedder_type_confidence",
    "How sure the model is of the type of the main piece; 0 where it tells none",
    ["lane"],
    buckets=[step / 20 for step in range(1, 21)],
)
NORM = Histogram(
    "loupe_embedder_vector_norm",
    "Length of the main piece's vector, which is 1 of a model that is whole",
    ["lane"],
    buckets=(0.5, 0.9, 0.99, 0.999, 0.9999, 1.0001, 1.001, 1.01, 1.1, 2),
)
UNKNOWN = "unknown"
PICTURES = Counter("loupe_embedder_pictures_total", "Ingested pictures: analysed, repeated or rejected", ["outcome"])
TEXTS = Counter("loupe_embedder_texts_total", "Items' texts: analysed, or known already", ["outcome"])
ALONE = Counter(
    "loupe_embedder_alone_total",
    "Suspects analysed alone: analysed, rejected, each time one killed its process, and quarantined for that",
    ["outcome"],
)
LOOKED_FOR_FACES = Counter("loupe_embedder_faces_total", "Pictures in which faces were looked for", ["outcome"])
for _outcome in ("analysed", "rejected", "killed", "quarantined"):
    ALONE.labels(_outcome)  # 0 from the start

DECODERS_ENDED = Counter(
    "loupe_embedder_decoders_ended_total",
    "Processes that decode, ended by a picture that took too much time or memory, or crashed them",
    ["how"],
)
for _outcome in ("time", "memory", "crash"):
    DECODERS_ENDED.labels(_outcome)  # 0 from the start


def observe_batch(lane: Lane, waits: list[float], forward_seconds: float) -> None:
    """The batcher's observer."""
    BATCH_SIZE.labels(lane).observe(len(waits))
    FORWARD.labels(lane).observe(forward_seconds)
    for wait in waits:
        BATCH_WAIT.labels(lane).observe(wait)


@contextmanager
def stage(name: Stage) -> Iterator[None]:
    """Times one stage of a picture."""
    with STAGES.labels(name).time(), traces.stage(name):
        yield


def observe_analysis(analysis: Analysis, lane: Lane) -> None:
    """What drift is seen by. A type is one of those that the model's head knows, so there are few."""
    main = analysis.pieces[0]
    TYPES.labels(lane, main.type.value if main.type else UNKNOWN).inc()
    CONFIDENCE.labels(lane).observe(main.type.confidence if main.type else 0.0)
    NORM.labels(lane).observe(float(np.linalg.norm(main.embedding())))
