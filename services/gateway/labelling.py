"""Which pictures a person should look at next, and what people said until now."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, or_, select

from services.gateway.listing import Listing
from services.gateway.tables import CorrectionEntry, Image
from services.gateway.words.lexicon import VALUES
from shared.contracts.analysis import ATTRIBUTES, AttributeName
from shared.contracts.api import Image as ImageTold
from shared.database import Database

MAX_CLASSES = 100
_AT_ONCE = 1_000
_UNKNOWN = -1.0
"""Where the model said nothing: less certain than all that it said."""
_COLUMNS = ("path", "sha256", "item_id", "image_id", "class", *ATTRIBUTES)


@dataclass(frozen=True)
class Doubt:
    """Where a list of the least certain goes on: after a picture with this confidence and this id."""

    confidence: float
    image_id: str


class Labelling:
    """Reads alone: what a person says is kept by `Corrections`."""

    def __init__(self, database: Database, listing: Listing) -> None:
        self._database = database
        self._listing = listing

    def doubtful(
        self, tenant: str, attribute: AttributeName, after: Doubt | None, limit: int
    ) -> list[tuple[Doubt, ImageTold]]:
        """Up to `limit` indexed pictures of which nobody has said the attribute, the least certain first."""
        sure = _confidence(attribute)
        query = select(Image, sure).where(_unsaid(tenant, attribute)).order_by(sure, Image.image_id).limit(limit)
        if after:
            same = and_(sure == after.confidence, Image.image_id > after.image_id)
            query = query.where(or_(sure > after.confidence, same))
        with self._database.read() as session:
            rows = session.execute(query).all()
        return [(Doubt(float(at), row.image_id), self._listing.image_of(row)) for row, at in rows]

    def counts(self, tenant: str, attribute: AttributeName) -> tuple[int, int]:
        """How many pictures are to be looked at, of how many that are indexed."""
        with self._database.read() as session:
            left, pictures = session.execute(
                select(
                    func.count().filter(_unsaid(tenant, attribute)),
                    func.count(),
                )
                .select_from(Image)
                .where(_indexed(tenant))
            ).one()
        return left, pictures

    def classes(self, tenant: str, attribute: AttributeName) -> list[str]:
        """The values that models tell, then the shop's own, those said last first."""
        own = (
            select(CorrectionEntry.value)
            .where(
                CorrectionEntry.tenant == tenant,
                CorrectionEntry.attribute == attribute,
                CorrectionEntry.value.is_not(None),
            )
            .group_by(CorrectionEntry.value)
            .order_by(func.max(CorrectionEntry.id).desc())
            .limit(MAX_CLASSES)
        )
        with self._database.read() as session:
            said = [value for value in session.execute(own).scalars() if value]
        return list(dict.fromkeys([*VALUES[attribute], *said]))[:MAX_CLASSES]

    def manifest(self, tenant: str) -> Iterator[str]:
        """A CSV as `lab.datasets` reads it: a line for each picture of which somebody said something, in order of id.

        `path` is where the picture is to lie beside it: `pictures/` and its image id. A type that no model tells is
        under `class`.
        """
        yield _line(_COLUMNS)
        after = ""
        while rows := self._corrected(tenant, after):
            after = rows[-1].image_id
            yield "".join(_row(row) for row in rows if row.corrected)

    def _corrected(self, tenant: str, after: str) -> list[Image]:
        """Of those whose corrections were all taken back, too: they have a revision, and say nothing."""
        query = (
            select(Image)
            .where(Image.tenant == tenant, Image.correction_revision > 0, Image.image_id > after)
            .order_by(Image.image_id)
            .limit(_AT_ONCE)
        )
        with self._database.read() as session:
            return list(session.execute(query).scalars())


def _indexed(tenant: str) -> ColumnElement[bool]:
    return and_(Image.tenant == tenant, Image.state == "indexed")


def _unsaid(tenant: str, attribute: AttributeName) -> ColumnElement[bool]:
    return and_(_indexed(tenant), Image.corrected[attribute].as_string().is_(None))


def _confidence(attribute: AttributeName) -> ColumnElement[float]:
    told = getattr(Image, attribute)["confidence"].as_float()
    return func.coalesce(told, _UNKNOWN)


def _row(row: Image) -> str:
    said = dict(row.corrected)
    own = said.pop("type") if said.get("type") not in (None, *VALUES["type"]) else ""
    known = [said.get(name, "") for name in ATTRIBUTES]
    return _line((f"pictures/{row.image_id}", row.sha256, row.sku, row.image_id, own, *known))


def _line(cells: tuple[str, ...]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()
