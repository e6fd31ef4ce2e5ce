"""Ways to choose what a shopper is shown: Loupe's own recommender as it runs, and what it is measured against."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self
from uuid import NAMESPACE_URL, uuid4, uuid5

import numpy as np
from sqlalchemy import DateTime, func, update

from lab.recommend.simulation_pieces import Piece, payload
from lab.recommend.simulation_shoppers import Act
from services.recommender import main
from services.recommender.history import History
from services.recommender.index import Index
from services.recommender.popularity import Popularity
from services.recommender.settings import Settings
from services.recommender.suggest import Suggester
from services.recommender.tables import Base, Event
from shared import database, vectorstore
from shared.contracts.internal import HitList, SuggestRequest
from shared.contracts.models import INDEX, Model
from shared.contracts.user_events import UserEvent
from shared.vectorstore import Point

TENANT = "simulated"
DAY = timedelta(days=1)
_DAY_MS = 86_400_000
_MIGRATIONS = Path(main.__file__).parent / "migrations"
_WEIGHTS = Settings(broker_url="", vector_store_url="", database_url="").weights
_LAST = 10
"""So many of the last liked pieces count for what looks like them."""

SuggesterOf = Callable[[Index, History, Popularity], Suggester]


def as_it_is(index: Index, history: History, popularity: Popularity) -> Suggester:
    """The recommender's own settings."""
    return Suggester(index, history, popularity, _WEIGHTS)


def unexplored(index: Index, history: History, popularity: Popularity) -> Suggester:
    """Without places that are given away by chance."""
    return Suggester(index, history, popularity, _WEIGHTS, explore=0.0)


class Policy(Protocol):
    """Told of pieces and acts as they come; `night` is between two days."""

    name: str

    def arrive(self, pieces: Sequence[Piece]) -> None: ...
    def told(self, shopper: str, acts: Sequence[Act]) -> None: ...
    def listed(self, shopper: str, limit: int) -> list[str]: ...
    def night(self) -> None: ...


class Loupe:
    """The recommender over an index in a folder and a database of its own, in this process, without its services.

    The clock is the real one. That a day passes is done by making all that is known a day older.
    """

    def __init__(self, model: Model, suggester_of: SuggesterOf = as_it_is, name: str = "Loupe") -> None:
        self.name = name
        self._folder = tempfile.TemporaryDirectory()
        self._directory = vectorstore.directory(f"edge://{self._folder.name}/vectors", INDEX)
        self._vectors = self._directory.open("pieces", model.dimension)
        self._directory.switch("pieces", model.model_dump())
        self._events = database.open(f"sqlite:///{self._folder.name}/recommender.db")
        self._events.migrate(_MIGRATIONS)
        self.history = History(self._events)
        self._index = Index(self._directory)
        self._suggester = suggester_of(self._index, self.history, Popularity(self._events, _WEIGHTS))
        self._arrived: dict[str, tuple[Piece, datetime]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._index.close()
        self._vectors.close()
        self._events.close()
        self._folder.cleanup()

    def arrive(self, pieces: Sequence[Piece]) -> None:
        now = datetime.now(UTC)
        self._arrived |= {piece.sku: (piece, now) for piece in pieces}
        self._write([piece.sku for piece in pieces])

    def told(self, shopper: str, acts: Sequence[Act]) -> None:
        now = datetime.now(UTC)
        events = [
            UserEvent(
                id=uuid4().hex, type=kind, user_id=shopper, sku=sku, at=now - timedelta(seconds=len(acts) - place)
            )
            for place, (kind, sku) in enumerate(acts)
        ]
        if events:
            self.history.record(TENANT, events)

    def listed(self, shopper: str, limit: int) -> list[str]:
        return [hit.sku for hit in self.asked(SuggestRequest(tenant=TENANT, user_id=shopper, limit=limit)).hits]

    def asked(self, request: SuggestRequest) -> HitList:
        return self._suggester.suggest(request)

    def night(self) -> None:
        self._arrived = {sku: (piece, at - DAY) for sku, (piece, at) in self._arrived.items()}
        self._write(list(self._arrived))
        with self._events.write() as session:
            session.execute(update(Event).values(at=Event.at - _DAY_MS, recorded_at=Event.recorded_at - _DAY_MS))
            for table in Base.metadata.sorted_tables:
                moments = [column for column in table.columns if isinstance(column.type, DateTime)]
                if moments:
                    earlier = {one.name: func.strftime("%Y-%m-%d %H:%M:%f", one, "-1 day") for one in moments}
                    session.execute(update(table).values(earlier))

    def _write(self, skus: Sequence[str]) -> None:
        points = []
        for sku in skus:
            piece, at = self._arrived[sku]
            times = {"created_at": at.isoformat(), "created_ts": at.timestamp()}
            told = {"sku": sku, "image_id": f"{sku}-1", "in_stock": True, **payload(piece), **times}
            points.append(Point(str(uuid5(NAMESPACE_URL, sku)), piece.vector, told))
        self._vectors.upsert(TENANT, points)


class _Plain:
    """What simpler policies remember: the pieces, and what each shopper acted on, newest last."""

    name = ""

    def __init__(self) -> None:
        self.pieces: dict[str, Piece] = {}
        self.acted_on: dict[str, list[str]] = {}

    def arrive(self, pieces: Sequence[Piece]) -> None:
        self.pieces |= {piece.sku: piece for piece in pieces}

    def told(self, shopper: str, acts: Sequence[Act]) -> None:
        known = self.acted_on.setdefault(shopper, [])
        for _, sku in acts:
            if sku in known:
                known.remove(sku)
            known.append(sku)

    def night(self) -> None: ...

    def listed(self, shopper: str, limit: int) -> list[str]:
        known = self.acted_on.get(shopper, [])
        scores = self.scores(known)
        unknown = [sku for sku in self.pieces if sku not in set(known)]
        return sorted(unknown, key=lambda sku: (-scores.get(sku, 0.0), sku))[:limit]

    def scores(self, known: Sequence[str]) -> dict[str, float]:
        raise NotImplementedError


class Popular(_Plain):
    """What most shoppers acted on."""

    name = "popularity"

    def scores(self, known: Sequence[str]) -> dict[str, float]:  # noqa: ARG002 - the same for everybody
        counts = Counter(sku for acted_on in self.acted_on.values() for sku in acted_on)
        return {sku: float(count) for sku, count in counts.items()}


class Alike(_Plain):
    """Content kNN: what looks most like the last pieces that the shopper acted on; who did nothing sees the newest."""

    def __init__(self, *, average: bool) -> None:
        super().__init__()
        self.name = "content kNN, one average" if average else "content kNN, per piece"
        self._average = average

    def scores(self, known: Sequence[str]) -> dict[str, float]:
        skus = list(self.pieces)
        if not known:
            return {sku: float(place) for place, sku in enumerate(skus)}
        all_of_them = np.stack([self.pieces[sku].vector for sku in skus])
        liked = np.stack([self.pieces[sku].vector for sku in known[-_LAST:]])
        cosines = all_of_them @ liked.T
        score = cosines.mean(axis=1) if self._average else cosines.max(axis=1)
        return dict(zip(skus, score.tolist(), strict=True))
