"""What the embedder counts beside the metrics that every service has."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

from services.embedder.batcher import Lane

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

BATCH_SIZE = Histogram(
    "loupe_embedder_batch_size", "Pictures in a forward", ["lane"], buckets=(1, 2, 4, 8, 16, 32, 64, 128)
)
BATCH_WAIT = Histogram(
    "loupe_embedder_batch_wait_seconds", "From submit to the start of its forward", ["lane"], buckets=_SECONDS
)
FORWARD = Histogram("loupe_embedder_forward_seconds", "Duration of a forward", ["lane"], buckets=_SECONDS)
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
