"""An indexer on real parts, with a shop to talk about, for the tests of its handlers."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from services.indexer import main
from services.indexer.collections import Stores, active_of, written
from services.indexer.filling import Filler
from services.indexer.handlers import Indexer
from services.indexer.reindex import Reindex
from services.indexer.texts import TextIndexer
from shared import database, objectstore, vectorstore
from shared.contracts.analysis import Analysis, Attribute, AttributeName, Box, Piece, QualityWarning, analysis_key
from shared.contracts.fields import pack_vector
from shared.contracts.messages import (
    ImageAnalysed,
    ImageCorrected,
    ImageRejected,
    ImageRemoved,
    ItemChanged,
    ItemFields,
    ItemTextAnalysed,
    Message,
)
from shared.contracts.models import INDEX, Model
from shared.contracts.text import TEXT_DIMENSION, TextVectors, sha256_of, text_key, text_of
from shared.database import Database
from shared.objectstore import ObjectStore
from shared.vectorstore import Directory, Text, VectorStore

MODEL = "model-1"
TEXT_MODEL = "text-1"
DIMENSION = 8
FIRST = Model(version=MODEL, dimension=DIMENSION, no_match_below=0.64, look_at_least=0.6)
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
    texts: TextIndexer
    filler: Filler
    reindex: Reindex
    recorder: Recorder
    directory: Directory
    stores: Stores
    analyses: ObjectStore
    database: Database
    tenant: str = field(default_factory=lambda: f"t-{uuid.uuid4().hex}")
    seen: Callable[[Model, int], int] = lambda _model, _image: 1
    """How many pieces a model sees in a picture."""

    @property
    def vectors(self) -> VectorStore:
        """The active collection."""
        with self.database.read() as session:
            return self.stores.of(active_of(written(session.connection())))

    def deliver(self, *messages: Message) -> None:
        handlers: dict[type[Message], Callable[[Any], None]] = {
            ImageAnalysed: self.indexer.image_analysed,
            ImageRejected: self.indexer.image_rejected,
            ImageRemoved: self.indexer.image_removed,
            ImageCorrected: self.indexer.image_corrected,
            ItemChanged: self.indexer.item_changed,
            ItemTextAnalysed: self.texts.text_analysed,
        }
        for message in messages:
            handlers[type(message)](message)

    def index(self) -> dict[str, dict[str, Any]]:
        """Image id -> what the active collection tells of its main piece; of the others by `image_id(n, piece)`."""
        active = self.directory.active()
        assert active
        return self.collection(active.name, active.about["dimension"])

    def collection(self, name: str, dimension: int) -> dict[str, dict[str, Any]]:
        store = self.directory.open(name, dimension)
        points = store.scroll(self.tenant)
        store.close()
        found = {_key(point.payload): dict(point.payload) for point in points}
        assert len(found) == len(points), "a piece is in the index twice"
        return found

    def changed(
        self,
        revision: int,
        *,
        price: float | None = 100.0,
        removed: bool = False,
        said: dict[AttributeName, str] | None = None,
    ) -> ItemChanged:
        fields = ItemFields(title=f"at {revision}", price=price, tags=["gold"], said=said or {}, created_at=CREATED)
        told = None if removed else fields
        return ItemChanged(tenant=self.tenant, correlation_id="c", sku="RING-1", revision=revision, fields=told)

    def text_analysed(self, change: ItemChanged) -> ItemTextAnalysed:
        """What the embedder makes of an item."""
        assert change.fields
        sha256 = sha256_of(text_of(change.fields))
        dense, terms = pack_vector(words(change).dense), dict(words(change).terms)
        vectors = TextVectors(model_version=TEXT_MODEL, dense=dense, terms=terms)
        self.analyses.put(self.tenant, text_key(sha256, TEXT_MODEL), vectors.model_dump_json().encode())
        told = change.model_dump(include={"tenant", "correlation_id", "sku", "revision"})
        return ItemTextAnalysed(**told, sha256=sha256, model_version=TEXT_MODEL)

    def told_by_words(self, change: ItemChanged) -> str | None:
        """The picture that has the words of this item, by its id; None when there is none."""
        hits = self.vectors.search_text(self.tenant, words(change), 1)
        first_by_meaning_and_terms = hits and hits[0].score == 1.0
        return str(hits[0].payload["image_id"]) if first_by_meaning_and_terms else None

    def analysed(self, image: int, item_revision: int) -> ImageAnalysed:
        return self.analysed_by(FIRST, image, item_revision)

    def analysed_by(self, model: Model, image: int, item_revision: int) -> ImageAnalysed:
        sha256 = f"{image:064x}"
        pieces = [_piece(model, image, number) for number in range(self.seen(model, image))]
        warnings = [QualityWarning(code="blurred", message="Hold still.")]
        analysis = Analysis(
            sha256=sha256, model_version=model.version, width=9, height=9, pieces=pieces, warnings=warnings
        )
        self.analyses.put(self.tenant, analysis_key(sha256, model.version), analysis.model_dump_json().encode())
        return ImageAnalysed(
            tenant=self.tenant,
            correlation_id="c",
            sku="RING-1",
            image_id=image_id(image),
            sha256=sha256,
            item_revision=item_revision,
            model_version=model.version,
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


def words(change: ItemChanged) -> Text:
    """The words of an item, told apart by their hash."""
    assert change.fields
    number = int(sha256_of(text_of(change.fields)), 16) % TEXT_DIMENSION
    return Text(np.eye(1, TEXT_DIMENSION, number, dtype=np.float32)[0], {number: 1.0})


def image_id(image: int, piece: int = 0) -> str:
    return str(uuid.UUID(int=image)) + (f"/{piece}" if piece else "")


def _key(payload: Mapping[str, Any]) -> str:
    return f"{payload['image_id']}/{payload['piece']}" if "piece" in payload else str(payload["image_id"])


def _piece(model: Model, image: int, number: int) -> Piece:
    """The main one is all of the picture, and a ring; the others are watches beside it."""
    vector = np.eye(model.dimension, dtype=np.float32)[(image + number) % model.dimension]
    known = Attribute(value="watch" if number else "ring", confidence=0.75)
    box = Box(x0=number / 12, x1=(number + 1) / 12) if number else Box()
    return Piece(box=box, vector=pack_vector(vector), type=known)


@contextmanager
def worlds(
    folder: Path, database_url: str | None = None, vectors_url: str | None = None, first: Model = FIRST
) -> Iterator[Callable[[], World]]:
    """Makes worlds over one database, and an object store and engine in `folder`, each with a tenant of its own."""
    state = database.open(database_url or f"sqlite:///{folder}/indexer.db")
    state.migrate(MIGRATIONS)
    analyses = objectstore.open(f"file://{folder}/objects", "analyses")
    directory = vectorstore.directory(vectors_url or f"edge://{folder}/vectors", INDEX)
    stores = Stores(directory)

    def world() -> World:
        recorder = Recorder()
        indexer = Indexer(state, analyses, stores, recorder)
        texts = TextIndexer(state, analyses, stores, recorder)
        filler = Filler(state, analyses, directory, stores, recorder, timedelta(0))
        reindex = Reindex(state, directory, filler)
        reindex.ensure_first(first)
        return World(indexer, texts, filler, reindex, recorder, directory, stores, analyses, state)

    yield world
    stores.close()
    directory.close()
    state.close()
