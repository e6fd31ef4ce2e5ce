"""How far a collection is filled: which pictures are in it, and which are missing."""

from __future__ import annotations

from collections.abc import Collection as Some
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select, tuple_
from sqlalchemy.engine import Connection

from services.indexer.tables import images, items

_i = images.c
_live = and_(_i.sha256.is_not(None), _i.removed.is_(False))
Key = tuple[str, str]
"""Tenant and image id."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A picture that a collection lacks."""

    tenant: str
    image_id: str
    sku: str
    sha256: str
    item_revision: int

    @property
    def key(self) -> Key:
        return self.tenant, self.image_id


@dataclass(frozen=True, slots=True)
class Progress:
    """Counts of pictures: all, those in the collection, those that its model cannot analyse."""

    total: int
    done: int
    refused: int

    @property
    def missing(self) -> int:
        return self.total - self.done - self.refused


def progress(rows: Connection, generation: int) -> Progress:
    done = func.count().filter(_i.generation >= generation)
    refused = func.count().filter(_i.generation < generation, _i.refused >= generation)
    return Progress(*rows.execute(select(func.count(), done, refused).where(_live)).one())


def missing(rows: Connection, generation: int, after: Key | None, limit: int) -> list[Wanted]:
    """Pictures that the collection lacks, in order of their keys, those after `after`."""
    following = tuple_(_i.tenant, _i.image_id) > after if after else True
    chosen = _wanted.where(_lacks(generation), following).order_by(_i.tenant, _i.image_id).limit(limit)
    return [Wanted(*row) for row in rows.execute(chosen)]


def still_missing(rows: Connection, generation: int, keys: Some[Key]) -> set[Key]:
    chosen = select(_i.tenant, _i.image_id).where(_lacks(generation), tuple_(_i.tenant, _i.image_id).in_(list(keys)))
    return {(tenant, image_id) for tenant, image_id in rows.execute(chosen)}


def points_expected(rows: Connection, generation: int) -> dict[str, int]:
    """How many points the collection must hold of each tenant; 0 for one whose pictures are all gone."""
    inside = _live & (_i.generation >= generation)
    counted = rows.execute(select(_i.tenant, func.sum(_i.pieces)).where(inside).group_by(_i.tenant))
    known = {tenant: 0 for (tenant,) in rows.execute(select(items.c.tenant).distinct())}
    return known | dict(map(tuple, counted))


_wanted: Any = select(_i.tenant, _i.image_id, _i.sku, _i.sha256, _i.item_revision)


def _lacks(generation: int) -> ColumnElement[bool]:
    return and_(_live, _i.generation < generation, _i.refused < generation)
