"""Made baskets, and lessons that a child process can open."""

from __future__ import annotations

import os
import random
import signal
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from services.recommender.learned import LearnedModels
from services.recommender.lessons import Learned, Lesson
from services.recommender.together_lesson import TogetherLesson
from shared import database
from shared.contracts.user_events import EventType

NOW = datetime.now(UTC)
STRENGTHS: dict[EventType, float] = {"clicked": 1.0, "purchased": 4.0, "returned": -2.0, "dismissed": -3.0}


@dataclass(frozen=True)
class Done:
    sku: str
    type: EventType
    at: datetime


Basket = tuple[str, Sequence[Done]]


def basket(shopper: str, *skus: str, kind: EventType = "clicked", days_ago: float = 0.0) -> Basket:
    start = NOW - timedelta(days=days_ago) - timedelta(minutes=len(skus))
    return shopper, [Done(sku, kind, start + timedelta(minutes=n)) for n, sku in enumerate(skus)]


class Shop:
    """Shoppers who go through one of ten families of five pieces, each family in its own order, or in none."""

    def __init__(self) -> None:
        self.baskets: list[Basket] = []
        self.in_use: bytes | None = None
        self._random = random.Random(0)

    def sell(self, shoppers: int, *, from_days_ago: float, in_order: bool = True) -> None:
        for n in range(shoppers):
            family = self._random.randrange(10)
            pieces = [f"{family}-{n}" for n in range(5)]
            if not in_order:
                pieces = [f"{self._random.randrange(10)}-{self._random.randrange(5)}" for _ in range(5)]
            start = NOW - timedelta(days=from_days_ago * (1 - n / shoppers))
            acts = [Done(sku, "clicked", start + timedelta(hours=step)) for step, sku in enumerate(pieces)]
            self.baskets.append((f"{len(self.baskets)}", acts))

    def lesson(self) -> TogetherLesson:
        return TogetherLesson(self.since, lambda _tenant, _name: self.in_use, STRENGTHS)

    def since(self, _tenant: str, _moment: datetime) -> Sequence[Basket]:
        return self.baskets


class Made:
    """A lesson for a child: what it does is said by the tenant."""

    name = "made"

    def learn(self, tenant: str) -> Learned | None:
        if tenant == "dies":
            os.kill(os.getpid(), signal.SIGKILL)
        if tenant == "fails":
            raise ValueError("too odd")
        if tenant == "hangs":
            threading.Event().wait()
        return Learned(f"{os.getpid()} {os.nice(0)}".encode(), 0.4, None, 100)


def made_lessons() -> Sequence[Lesson]:
    return [Made()]


def shop_lessons(url: str) -> Sequence[Lesson]:
    """A shop with a thousand shoppers, whose models are in the database at `url`."""
    shop = Shop()
    shop.sell(1_000, from_days_ago=20)
    models = LearnedModels(database.open(url))
    return [TogetherLesson(shop.since, models.active, STRENGTHS)]
