"""A recommender on real parts behind its HTTP app, with shops to talk about."""

from __future__ import annotations

import asyncio
import uuid
import zlib
from collections.abc import Iterator, Mapping, Sequence
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
from services.recommender.click_through import ClickThrough
from services.recommender.completes import Completer
from services.recommender.experiments import Experiments
from services.recommender.handlers import handle_user_events
from services.recommender.history import History
from services.recommender.index import Index
from services.recommender.learned import LearnedModels
from services.recommender.map.gaps import GapFinder
from services.recommender.map.telling import Maps
from services.recommender.ordering import Ranker
from services.recommender.palette import PaletteSearcher
from services.recommender.pins import Pins
from services.recommender.popularity import Popularity
from services.recommender.search import Searcher
from services.recommender.settings import Settings
from services.recommender.suggest import Suggester
from shared import database, vectorstore
from shared.contracts.fields import Vector, pack_vector
from shared.contracts.internal import HitList
from shared.contracts.messages import Message, UserEvents
from shared.contracts.models import INDEX, Model
from shared.contracts.text import TEXT_DIMENSION
from shared.contracts.user_events import EventType, UserEvent
from shared.database import Database
from shared.observability.http import create_app
from shared.vectorstore import AnyOf, Directory, Filter, Point, Text, VectorStore

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


def _points(
    sku: str, pictures: Sequence[Vector], *, age_days: float = 100, words: str = "", **fields: Any
) -> list[Point]:
    created = NOW - timedelta(days=age_days)
    payload = {"sku": sku, "type": "ring", "in_stock": True, "created_at": created.isoformat()}
    payload |= {"created_ts": created.timestamp(), **fields}
    text = text_of(words) if words else None
    return [
        Point(str(uuid.uuid4()), vector, {"image_id": f"{sku}-{view}", **payload}, text)
        for view, vector in enumerate(pictures)
    ]


@dataclass
class Shop:
    """One tenant: pieces are put into the index as the indexer would, events told as the gateway would."""

    app: FastAPI
    vectors: VectorStore
    history: History
    clicks: ClickThrough
    recorder: Recorder = field(default_factory=Recorder)
    tenant: str = field(default_factory=lambda: f"t-{uuid.uuid4().hex}")

    def piece(self, sku: str, *pictures: Vector, **about: Any) -> None:
        self.vectors.upsert(self.tenant, _points(sku, pictures, **about))

    def pieces(self, vectors: Mapping[str, Vector], **about: Any) -> None:
        """Many items of one picture each, at once."""
        points = [point for sku, vector in vectors.items() for point in _points(sku, [vector], **about)]
        for start in range(0, len(points), 1_000):
            self.vectors.upsert(self.tenant, points[start : start + 1_000])

    def change(self, sku: str, **fields: Any) -> None:
        self.vectors.set_payload(self.tenant, Filter((AnyOf("sku", (sku,)),)), fields)

    def remove(self, *skus: str) -> None:
        self.vectors.delete(self.tenant, Filter((AnyOf("sku", skus),)))

    def tell(
        self, user: str, kind: EventType, sku: str, *, minutes_ago: float = 0, event_id: str | None = None
    ) -> None:
        event = UserEvent(
            id=event_id or uuid.uuid4().hex, type=kind, user_id=user, sku=sku, at=NOW - timedelta(minutes=minutes_ago)
        )
        self.tell_all([event])

    def tell_all(self, events: Sequence[UserEvent]) -> None:
        message = UserEvents(tenant=self.tenant, correlation_id="c", batch_id="b", events=list(events))
        handle_user_events(message, history=self.history, clicks=self.clicks, publisher=self.recorder)

    def search(self, vector: Vector, **more: Any) -> HitList:
        return self._post("/search", parts=[by_picture(vector)], **more)

    def compose(self, *parts: dict[str, Any], **more: Any) -> HitList:
        return self._post("/search", parts=list(parts), **more)

    def completes(self, sku: str, mirrored: Vector | None = None, **more: Any) -> HitList:
        image = None if mirrored is None else {MODEL: pack_vector(mirrored)}
        return self._post("/completes", sku=sku, mirrored=image, **more)

    def similar(self, sku: str, **more: Any) -> HitList:
        return self._post("/similar", sku=sku, **more)

    def suggest(self, user: str, limit: int = 20, **more: Any) -> HitList:
        return self._post("/suggest", user_id=user, limit=limit, **more)

    def _post(self, path: str, **body: Any) -> HitList:
        answer = self.ask(path, **body)
        assert answer.status_code == 200, answer.text
        return HitList.model_validate_json(answer.content)

    def get(self, path: str) -> httpx.Response:
        return self._send("GET", f"{path}?tenant={self.tenant}")

    def ask(self, path: str, **body: Any) -> httpx.Response:
        return self._send("POST", path, tenant=self.tenant, **body)

    def put(self, path: str, **body: Any) -> httpx.Response:
        return self._send("PUT", path, **body)

    def _send(self, method: str, path: str, **body: Any) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://recommender") as client:
                return await client.request(method, path, json=body)

        return asyncio.run(send())


@dataclass(frozen=True)
class Companion:
    sku: str
    score: float
    because: str


class TogetherByHand:
    """Whoever acts on the item of number n acts on that of n + `step`; told by the strength of the strongest."""

    def __init__(self, step: int) -> None:
        self._step = step

    def companions(
        self,
        tenant: str,  # noqa: ARG002  the port's
        seeds: Sequence[tuple[str, float]],
        limit: int,
    ) -> list[Companion]:
        found: dict[str, Companion] = {}
        for sku, strength in seeds:
            name, _, number = sku.rpartition("-")
            other = f"{name}-{int(number) + self._step}" if number.isdecimal() else sku
            if other not in found or strength > found[other].score:
                found[other] = Companion(other, strength, sku)
        return sorted(found.values(), key=lambda one: -one.score)[:limit]


def text_of(words: str) -> Text:
    """Each word is a term, and a direction that the meaning has a share of."""
    terms = {zlib.crc32(word.encode()): 1.0 for word in words.split()}
    dense = np.zeros(TEXT_DIMENSION, dtype=np.float32)
    for term in terms:
        dense[term % TEXT_DIMENSION] += 1
    return Text(dense / np.linalg.norm(dense), terms)


def by_words(words: str, **more: Any) -> dict[str, Any]:
    text = text_of(words)
    return {"text": {"model_version": "words-1", "dense": pack_vector(text.dense), "terms": text.terms}, **more}


def by_picture(vector: Vector, **more: Any) -> dict[str, Any]:
    return {"vectors": {MODEL: pack_vector(vector)}, **more}


def skus(found: HitList) -> list[str]:
    return [hit.sku for hit in found.hits]


class Shops:
    """Makes shops over one engine, one history and one app."""

    def __init__(
        self, directory: Directory, vectors: VectorStore, events: Database, *, explore: float = 0.0, **suggesting: Any
    ) -> None:
        self._directory = directory
        self._vectors = vectors
        self._history = History(events)
        popularity = Popularity(events, SETTINGS.weights)
        self.pins = Pins(events)
        index = Index(directory)
        self.close = index.close
        ranker = Ranker(popularity)
        self.searcher = searcher = Searcher(index, ranker, self.pins)
        self.experiments = experiments = Experiments(events)
        self._clicks = ClickThrough(events, experiments)
        suggester = Suggester(
            index, self._history, popularity, SETTINGS.weights, experiments=experiments, explore=explore, **suggesting
        )
        self.index, self.suggester = index, suggester
        self._app = create_app("recommender", {})
        completer = Completer(index, ranker)
        self._app.include_router(routes.router(index, Answers(index), searcher, completer, suggester, experiments))
        self.models = LearnedModels(events)
        self.maps = Maps(index, self.models)
        self._app.include_router(routes.map_router(self.maps, GapFinder(events, self.maps), PaletteSearcher(index)))

    def new(self) -> Shop:
        return Shop(self._app, self._vectors, self._history, self._clicks)

    def of(self, shop: Shop) -> Shop:
        """A shop of other `Shops` as these see it."""
        return Shop(self._app, self._vectors, self._history, self._clicks, tenant=shop.tenant)

    @contextmanager
    def beside(self, database_url: str) -> Iterator[Shops]:
        """A second recommender over the same engine and database."""
        events = database.open(database_url)
        yield Shops(self._directory, self._vectors, events)
        events.close()


@contextmanager
def shops(folder: Path, database_url: str, model: Model = FACTS, **suggesting: Any) -> Iterator[Shops]:
    """Shops over an engine in `folder` and a database; `model` is what the index says of its vectors.

    Suggestions leave nothing to chance unless `explore` says so: `suggesting` is for the `Suggester`.
    """
    events = database.open(database_url)
    events.migrate(MIGRATIONS)
    directory = vectorstore.directory(f"edge://{folder}/vectors", INDEX)
    vectors = directory.open("pieces-test", DIMENSION)
    directory.switch("pieces-test", model.model_dump())
    made = Shops(directory, vectors, events, **suggesting)
    yield made
    made.close()
    vectors.close()
    events.close()
