"""A recommender on real parts behind its HTTP app, with shops to talk about."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from fastapi import FastAPI

from services.recommender import main, routes
from services.recommender.cache import Answers
from services.recommender.completes import Completer
from services.recommender.handlers import handle_user_events
from services.recommender.history import History
from services.recommender.index import Index
from services.recommender.ordering import Ranker
from services.recommender.pins import Pins
from services.recommender.popularity import Popularity
from services.recommender.search import Searcher
from services.recommender.settings import Settings
from services.recommender.suggest import Suggester
from shared import database, vectorstore
from shared.contracts.fields import Vector, pack_vector
from shared.contracts.internal import HitList
from shared.contracts.messages import EventType, Message, UserEvent, UserEvents
from shared.contracts.models import INDEX, Model
from shared.observability.http import create_app
from shared.vectorstore import Point, VectorStore
from tests.support.worded import WordedDirectory

DIMENSION = 16
MODEL = "model-1"
FACTS = Model(version=MODEL, dimension=DIMENSION, no_match_below=0.64, look_at_least=0.6)
NOW = datetime.now(UTC).replace(microsecond=0)
SETTINGS = Settings(broker_url="redis://127.0.0.1:1", vector_store_url="", database_url="")
MIGRATIONS = Path(main.__file__).parent / "migrations"


def towards(kind: int, nearness: float, other: int) -> Vector:
    """A unit vector with the cosine `nearness` to axis `kind`, the rest along axis `other`."""
    vector = np.zeros(DIMENSION, dtype=np.float32)
    vector[kind], vector[other] = nearness, np.sqrt(1 - nearness**2)
    return vector


class Recorder:
    def __init__(self) -> None:
        self.published: list[Message] = []

    def publish(self, message: Message) -> None:
        self.published.append(message)


@dataclass
class Shop:
    """One tenant: pieces are put into the index as the indexer would, events told as the gateway would."""

    app: FastAPI
    vectors: VectorStore
    history: History
    recorder: Recorder = field(default_factory=Recorder)
    tenant: str = field(default_factory=lambda: f"t-{uuid.uuid4().hex}")

    def piece(self, sku: str, *pictures: Vector, age_days: float = 100, **fields: Any) -> None:
        created = NOW - timedelta(days=age_days)
        payload = {"sku": sku, "type": "ring", "in_stock": True, "created_at": created.isoformat()}
        payload |= {"created_ts": created.timestamp(), **fields}
        points = [
            Point(str(uuid.uuid4()), vector, {"image_id": f"{sku}-{view}", **payload})
            for view, vector in enumerate(pictures)
        ]
        self.vectors.upsert(self.tenant, points)

    def tell(
        self, user: str, kind: EventType, sku: str, *, minutes_ago: float = 0, event_id: str | None = None
    ) -> None:
        event = UserEvent(
            id=event_id or uuid.uuid4().hex, type=kind, user_id=user, sku=sku, at=NOW - timedelta(minutes=minutes_ago)
        )
        self.tell_all([event])

    def tell_all(self, events: Sequence[UserEvent]) -> None:
        message = UserEvents(tenant=self.tenant, correlation_id="c", batch_id="b", events=list(events))
        handle_user_events(message, history=self.history, publisher=self.recorder)

    def search(self, vector: Vector, **more: Any) -> HitList:
        return self._post("/search", parts=[by_picture(vector)], **more)

    def compose(self, *parts: dict[str, Any], **more: Any) -> HitList:
        return self._post("/search", parts=list(parts), **more)

    def completes(self, sku: str, mirrored: Vector | None = None, **more: Any) -> HitList:
        return self._post("/completes", sku=sku, mirrored=mirrored and {MODEL: pack_vector(mirrored)}, **more)

    def similar(self, sku: str, **more: Any) -> HitList:
        return self._post("/similar", sku=sku, **more)

    def suggest(self, user: str, limit: int = 20) -> HitList:
        return self._post("/suggest", user_id=user, limit=limit)

    def _post(self, path: str, **body: Any) -> HitList:
        answer = self.ask(path, **body)
        assert answer.status_code == 200, answer.text
        return HitList.model_validate_json(answer.content)

    def ask(self, path: str, **body: Any) -> httpx.Response:
        async def post() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://recommender") as client:
                return await client.post(path, json={"tenant": self.tenant, **body})

        return asyncio.run(post())


def by_picture(vector: Vector, **more: Any) -> dict[str, Any]:
    return {"vectors": {MODEL: pack_vector(vector)}, **more}


def skus(found: HitList) -> list[str]:
    return [hit.sku for hit in found.hits]


class Shops:
    """Makes shops over one engine, one history and one app."""

    def __init__(self, app: FastAPI, vectors: VectorStore, history: History) -> None:
        self._app = app
        self._vectors = vectors
        self._history = history

    def new(self) -> Shop:
        return Shop(self._app, self._vectors, self._history)


@contextmanager
def shops(folder: Path, database_url: str, model: Model = FACTS) -> Iterator[Shops]:
    """Shops over an engine in `folder` and a database; `model` is what the index says of its vectors."""
    events = database.open(database_url)
    events.migrate(MIGRATIONS)
    directory = WordedDirectory(vectorstore.directory(f"edge://{folder}/vectors", INDEX))
    vectors = directory.open("pieces-test", DIMENSION)
    directory.switch("pieces-test", model.model_dump())
    history = History(events)
    popularity = Popularity(events, SETTINGS.weights)
    index = Index(directory)
    ranker = Ranker(popularity)
    pins = Pins(events)
    searcher = Searcher(index, ranker, pins)
    completer = Completer(index, ranker)
    suggester = Suggester(index, history, popularity, SETTINGS.weights)
    app = create_app("recommender", {})
    app.include_router(routes.router(Answers(index), searcher, completer, suggester))
    yield Shops(app, vectors, history)
    index.close()
    vectors.close()
    events.close()
