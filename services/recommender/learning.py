"""The ranker's weights, learned from what shoppers were shown and what they did then."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

import numpy as np

from services.recommender.features import NAMES, Weights, plain
from services.recommender.fitting import Shown, fit, ordered
from services.recommender.history import Act
from services.recommender.lessons import Learned
from shared.contracts.user_events import EventType

_LOOKS_BACK = timedelta(days=30)
_FOLLOWS_WITHIN = timedelta(days=1)
_MOST_LISTS = 20_000
"""The latest ones: of 20 items each about 30 MB."""
_LATER = 0.2
"""The share of the lists, the last ones, by which the weights are measured and from which they do not learn."""
_LEAST_CLICKS = 100
_LEAST_LATER = 30
_TAKEN: frozenset[EventType] = frozenset(("clicked", "favourited", "carted", "purchased"))


class Page(Protocol):
    """Of a list that was shown, as `Impressions.logged` tells it."""

    @property
    def shopper(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def first(self) -> int: ...
    @property
    def skus(self) -> Sequence[str]: ...
    @property
    def propensities(self) -> Sequence[float]: ...
    @property
    def features(self) -> Sequence[Sequence[float]]: ...


class Pages(Protocol):
    def logged(self, tenant: str, since: datetime) -> Iterable[Page]: ...


class Baskets(Protocol):
    def baskets(self, tenant: str, since: datetime) -> Iterable[tuple[str, Sequence[Act]]]: ...


class RankerLesson:
    """Learns from the suggestions of a month; `in_use` tells by which weights a tenant's are ranked now."""

    name = "ranker"

    def __init__(self, pages: Pages, baskets: Baskets, in_use: Callable[[str], Weights]) -> None:
        self._pages = pages
        self._baskets = baskets
        self._in_use = in_use

    def learn(self, tenant: str) -> Learned | None:
        """Beginning with the weights set by hand. None while there are not 100 clicks, and 30 later lists with some."""
        shown = self._shown(tenant, datetime.now(UTC) - _LOOKS_BACK)
        if shown is None:
            return None
        border = shown.lists[-1] * (1 - _LATER)
        earlier, later = shown.part(shown.lists < border), shown.part(shown.lists >= border)
        if earlier.clicked.sum() < _LEAST_CLICKS:
            return None
        in_use = self._in_use(tenant)
        found = fit(earlier, plain)
        name = hashlib.sha256(found.values.tobytes()).hexdigest()[:8]
        weights = Weights(f"learned-{name}", found.bias, found.values)
        figure, lists = ordered(later, weights, found.by_place)
        if lists < _LEAST_LATER:
            return None
        before, _ = ordered(later, in_use, found.by_place)
        return Learned(weights.packed(), figure, before, lists)

    def _shown(self, tenant: str, since: datetime) -> Shown | None:
        told = (page for page in self._pages.logged(tenant, since) if _tells(page))
        pages = deque(told, maxlen=_MOST_LISTS)
        if not pages:
            return None
        clicked = self._clicked(tenant, pages)
        sizes = [len(page.skus) for page in pages]
        return Shown(
            x=np.array([row for page in pages for row in page.features], dtype=np.float64),
            clicked=np.array([sku in taken for page, taken in zip(pages, clicked, strict=True) for sku in page.skus]),
            propensities=np.array([chance for page in pages for chance in page.propensities]),
            places=np.array([page.first + place for page in pages for place in range(len(page.skus))]),
            lists=np.repeat(np.arange(len(pages)), sizes),
        )

    def _clicked(self, tenant: str, pages: Sequence[Page]) -> list[set[str]]:
        """Of each page, what its shopper took up within a day."""
        by_shopper: dict[str, list[int]] = {}
        for number, page in enumerate(pages):
            by_shopper.setdefault(page.shopper, []).append(number)
        clicked: list[set[str]] = [set() for _ in pages]
        for shopper, acts in self._baskets.baskets(tenant, pages[0].at):
            for number in by_shopper.get(shopper, ()):
                page = pages[number]
                clicked[number] = {
                    act.sku for act in acts if act.type in _TAKEN and page.at <= act.at <= page.at + _FOLLOWS_WITHIN
                } & {*page.skus}
        return clicked


def _tells(page: Page) -> bool:
    """Of suggestions to somebody known, ranked by the features of now."""
    rows = len(page.skus)
    return bool(
        page.shopper
        and len(page.propensities) == len(page.features) == rows
        and all(len(row) == len(NAMES) for row in page.features)
    )
