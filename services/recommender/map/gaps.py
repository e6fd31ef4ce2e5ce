"""Where people search and the catalogue is thin: searches lie on the map by what they found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from services.recommender.history import naive
from services.recommender.map.telling import Maps
from services.recommender.tables import Impression
from shared.contracts.catalogue_map import MAP_SIDE, Gap, Gaps
from shared.database import Database

DAYS = 30
FEWEST = 20
"""Searches from which on anything is told."""
_EACH = 5
"""Searches that lead to a place, before it is called a gap: by fewer one could tell who searched."""
_LIFT = 2.0
_MOST = 12
_READ = 20_000
_FOUND = 3
_CELLS = 48
_RADIUS = 2
"""In cells."""


@dataclass(frozen=True, slots=True)
class Searched:
    """What a search found first, and whether nothing of it was near enough."""

    skus: Sequence[str]
    unmatched: bool


class GapFinder:
    def __init__(self, database: Database, maps: Maps) -> None:
        self._database = database
        self._maps = maps

    def gaps(self, tenant: str) -> Gaps:
        """Of the last 30 days; none while there is no map or there are too few searches."""
        standing = self._maps.standing(tenant)
        return find(self._searches(tenant), standing.places) if standing else Gaps(gaps=[])

    def _searches(self, tenant: str) -> list[Searched]:
        row = Impression
        since = naive(datetime.now(UTC) - timedelta(days=DAYS))
        wanted = (
            select(row.skus, row.place)
            .where(row.tenant == tenant, row.at >= since, row.first == 0, row.place.in_(("results", "suggestions")))
            .where(row.ranking.startswith("search-"))
            .order_by(row.at.desc())
            .limit(_READ)
        )
        with self._database.read() as session:
            found = session.execute(wanted).all()
        return [Searched(skus[:_FOUND], place == "suggestions") for skus, place in found if skus]


def find(searches: Iterable[Searched], places: dict[str, tuple[float, float]]) -> Gaps:
    """`places` in 0..65,535 of the items that are on the map."""
    led = [(each, place) for each in searches if (place := _where(each, places)) is not None]
    if len(led) < FEWEST:
        return Gaps(gaps=[], searches=len(led))
    at: NDArray[np.float64] = np.array([there for _, there in led])
    missed = np.array([each.unmatched for each, _ in led])
    pieces = np.array(list(places.values()))
    demand, supply = _around(at), _around(pieces)
    per_piece = len(led) / len(pieces)
    lift = demand / (supply + 1.0) / per_piece
    taken = np.zeros_like(lift, dtype=bool)
    gaps: list[Gap] = []
    for cell in np.argsort(-(lift * np.sqrt(demand + 2 * _around(at[missed]))), axis=None, kind="stable"):
        row, column = divmod(int(cell), _CELLS)
        if taken[row, column] or demand[row, column] < _EACH:
            continue
        middle = (np.array([row, column]) + 0.5) * MAP_SIDE / _CELLS
        radius = (_RADIUS + 0.5) * MAP_SIDE / _CELLS
        inside = np.abs(at - middle).max(axis=1) <= radius
        unmatched = int(missed[inside].sum())
        if inside.sum() < _EACH or (lift[row, column] < _LIFT and 2 * unmatched < inside.sum()):
            continue
        near = Counter(sku for (each, _), here in zip(led, inside, strict=True) if here for sku in each.skus)
        gaps.append(
            Gap(
                x=int(middle[0]),
                y=int(middle[1]),
                radius=int(radius),
                searches=int(inside.sum()),
                unmatched=unmatched,
                pieces=int((np.abs(pieces - middle).max(axis=1) <= radius).sum()),
                lift=round(float(lift[row, column]), 1),
                skus=[sku for sku, _ in near.most_common(6) if sku in places],
            )
        )
        reach = 2 * _RADIUS + 1
        taken[max(0, row - reach) : row + reach + 1, max(0, column - reach) : column + reach + 1] = True
        if len(gaps) == _MOST:
            break
    return Gaps(gaps=gaps, searches=len(led))


def _where(search: Searched, places: dict[str, tuple[float, float]]) -> tuple[float, float] | None:
    """The place of the first piece found that lies on the map: of several the middle might be nowhere."""
    return next((places[sku] for sku in search.skus if sku in places), None)


def _around(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """[cells, cells]: how many points lie within two cells of each."""
    if not len(points):
        return np.zeros((_CELLS, _CELLS))
    edges = np.linspace(0, MAP_SIDE, _CELLS + 1)
    counts, *_ = np.histogram2d(points[:, 0], points[:, 1], bins=[edges, edges])
    sums = np.pad(counts, _RADIUS).cumsum(axis=0).cumsum(axis=1)
    sums = np.pad(sums, ((1, 0), (1, 0)))
    wide = 2 * _RADIUS + 1
    return np.asarray(sums[wide:, wide:] - sums[:-wide, wide:] - sums[wide:, :-wide] + sums[:-wide, :-wide])
