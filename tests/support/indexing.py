"""An indexer on real parts, with a shop to talk about, for the tests of its handlers."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from services.indexer import main
from services.indexer.handlers import Indexer
from shared import database, objectstore, vectorstore
from shared.contracts.analysis import Analysis, Attribute, AttributeName, Piece, QualityWarning, analysis_key
from shared.contracts.fields import pack_vector
from shared.contracts.messages import (
    ImageAnalysed,
    ImageCorrected,
    ImageRemoved,
    ItemChanged,
    ItemFields,
    Message,
)
from shared.objectstore import ObjectStore
from shared.vectorstore import VectorStore

MODEL = "model-1"
DIMENSION = 8
MIGRATIONS = Path(main.__file__).parent / "migrations"
CREATED = datetime(2026, 5, 1, 12, tzinfo=UTC)


class Recorder:
    def __init__(self) -> None:
        self.published: list[Message] = []

    def publish(self, message: Message) -> None:
        self.published.append(message)


@dataclass
class World:
    """An indexer on real parts, and a shop of its own to talk about."""

    indexer: Indexer
    recorder: Recorder
    vectors: VectorStore
    analyses: ObjectStore
    tenant: str = field(default_factory=lambda: f"t-{uuid.uuid4().hex}")

    def deliver(self, *messages: Message) -> None:
        handlers: dict[type[Message], Callable[[Any], None]] = {
            ImageAnalysed: self.indexer.image_analysed,
            ImageRemoved: self.indexer.image_removed,
            ImageCorrected: self.indexer.image_corrected,
            ItemChanged: self.indexer.item_changed,
        }
        for message in messages:
            handlers[type(message)](message)

    def index(self) -> dict[str, dict[str, Any]]:
        """Image id -> what the index tells of it."""
        points = self.vectors.scroll(self.tenant)
        found = {point.payload["image_id"]: dict(point.payload) for point in points}
        assert len(found) == len(points), "a picture is in the index twice"
        return found

    def changed(self, revision: int, *, price: float | None = 100.0, removed: bool = False) -> ItemChanged:
        fields = None if removed else ItemFields(title=f"at {revision}", price=price, tags=["gold"], created_at=CREATED)
        return ItemChanged(tenant=self.tenant, correlation_id="c", sku="RING-1", revision=revision, fields=fields)

    def analysed(self, image: int, item_revision: int) -> ImageAnalysed:
        sha256 = f"{image:064x}"
        vector = np.eye(DIMENSION, dtype=np.float32)[image % DIMENSION]
        piece = Piece(vector=pack_vector(vector), type=Attribute(value="ring", confidence=0.75))
        warnings = [QualityWarning(code="blurred", message="Hold still.")]
        analysis = Analysis(sha256=sha256, model_version=MODEL, width=9, height=9, pieces=[piece], warnings=warnings)
        self.analyses.put(self.tenant, analysis_key(sha256, MODEL), analysis.model_dump_json().encode())
        return ImageAnalysed(
            tenant=self.tenant,
            correlation_id="c",
            sku="RING-1",
            image_id=image_id(image),
            sha256=sha256,
            item_revision=item_revision,
            model_version=MODEL,
        )

    def removed(self, image: int) -> ImageRemoved:
        return ImageRemoved(tenant=self.tenant, correlation_id="c", sku="RING-1", image_id=image_id(image))

    def corrected(self, image: int, revision: int, corrections: dict[AttributeName, str]) -> ImageCorrected:
        return ImageCorrected(
            tenant=self.tenant,
            correlation_id="c",
            sku="RING-1",
            image_id=image_id(image),
            revision=revision,
            corrections=corrections,
        )


def image_id(image: int) -> str:
    return str(uuid.UUID(int=image))


@contextmanager
def worlds(folder: Path) -> Iterator[Callable[[], World]]:
    """Makes worlds over one database, object store and engine in `folder`, each with a tenant of its own."""
    state = database.open(f"sqlite:///{folder}/indexer.db")
    state.migrate(MIGRATIONS)
    analyses = objectstore.open(f"file://{folder}/objects", "analyses")
    vectors = vectorstore.open(f"edge://{folder}/vectors", "pieces-test", DIMENSION)

    def world() -> World:
        recorder = Recorder()
        return World(Indexer(state, analyses, vectors, recorder, MODEL), recorder, vectors, analyses)

    yield world
    vectors.close()
    state.close()
