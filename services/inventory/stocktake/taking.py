"""Stock-takes as they are kept: made from photos, looked at again with photos from nearer, confirmed once."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import numpy as np
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from services.inventory.looks import Looks
from services.inventory.stocktake.counting import OnTray, counted, counts_of
from services.inventory.stocktake.sureness import Sureness
from services.inventory.style_tables import StocktakeRow
from services.inventory.tables import ItemRow, Level
from shared.contracts.analysis import Analysis, Box, TrayAnalysis
from shared.contracts.fields import unpack_vector
from shared.contracts.models import Model, Models
from shared.contracts.stocktakes import (
    MAX_EXPECTED,
    CloserPhoto,
    CountedItem,
    Stocktake,
    StocktakeAsked,
)
from shared.database import Database
from shared.errors import Conflict, InvalidInput, NotFound, Retryable

OPEN_FOR = timedelta(days=1)
KEPT_FOR = timedelta(days=90)
_A = TypeVar("_A", Analysis, TrayAnalysis)
_CLEANS_EVERY_SECONDS = 3_600.0


class Stocktakes:
    """Of all shops. `models`: those that the embedder has loaded."""

    def __init__(self, database: Database, looks: Looks, models: Callable[[], Models]) -> None:
        self._database = database
        self._looks = looks
        self._models = models

    def take(self, asked: StocktakeAsked) -> Stocktake:
        """See what lies on the photos against what should lie there. Nothing is counted by it.

        Raises `InvalidInput` where so much should lie there that nobody can tell by photos, `Retryable` where no loaded
        model has seen the shop's pieces.
        """
        expected = self._expected(asked)
        model = self._model(asked.tenant)
        trays = [
            {"photo": number, "box": piece.box.model_dump(), "looks": [piece.vector]}
            for number, photo in enumerate(asked.photos)
            for piece in _by(photo.analyses, model).pieces
        ]
        now = datetime.now(UTC)
        seen = {"model_version": model.version, "expected": expected, "trays": trays}
        made = Stocktake(
            stocktake_id=f"stk_{uuid.uuid4().hex}",
            location=asked.location,
            state="open",
            photos=len(asked.photos),
            created_at=now,
            **self._counted(asked.tenant, model, seen),
        )
        with self._database.write() as session:
            session.add(
                StocktakeRow(
                    tenant=asked.tenant,
                    stocktake_id=made.stocktake_id,
                    created_at=now.replace(tzinfo=None),
                    stocktake=made.model_dump(mode="json"),
                    seen=seen,
                )
            )
        return made

    def get(self, tenant: str, stocktake_id: str) -> Stocktake:
        """Raises `NotFound`."""
        with self._database.read() as session:
            return _told(_row(session, tenant, stocktake_id))

    def closer(self, stocktake_id: str, asked: CloserPhoto) -> Stocktake:
        """Look again, by the main piece of a photo from nearer. Raises `NotFound`, also where there is no piece of
        that number, and `Conflict` when it is not open any more."""
        with self._database.read() as session:
            row = _row(session, asked.tenant, stocktake_id)
            _open(row)
            seen = row.seen
        model = next((one for one in self._models().models if one.version == seen["model_version"]), None)
        if model is None:
            raise Conflict("Meanwhile Loupe sees by another model. Take the photos of the tray again.")
        if asked.number >= len(seen["trays"]):
            raise NotFound(f"There is no piece {asked.number} in this stock-take; they are numbered from 0.")
        nearest = _by(asked.photo.analyses, model).pieces[0]
        seen["trays"][asked.number]["looks"].append(nearest.vector)
        again = self._counted(asked.tenant, model, seen)
        with self._database.write() as session:
            row = _row(session, asked.tenant, stocktake_id, lock=True)
            now = _open(row)
            row.seen = dict(seen)
            told = Stocktake.model_validate(now.model_dump() | again)
            row.stocktake = told.model_dump(mode="json")
        return told

    def plan(self, tenant: str, stocktake_id: str, said: Sequence[CountedItem]) -> Stocktake:
        """The stock-take with what its confirmation would count; of a confirmed one, what it counted.

        Raises `NotFound`, and `Conflict` when it is expired.
        """
        with self._database.read() as session:
            told = _told(_row(session, tenant, stocktake_id))
        if told.state == "confirmed":
            return told
        if told.state == "expired":
            raise _expired()
        return told.model_copy(update={"counted": counts_of(told.items, said)})

    def confirm(self, tenant: str, stocktake_id: str, counts: Sequence[CountedItem]) -> Stocktake:
        """Note that these counts were saved. The first confirmation holds; a repeat is told of it."""
        with self._database.write() as session:
            row = _row(session, tenant, stocktake_id, lock=True)
            told = _told(row)
            if told.state != "confirmed":
                now = datetime.now(UTC)
                told = told.model_copy(update={"state": "confirmed", "confirmed_at": now, "counted": list(counts)})
                row.stocktake = told.model_dump(mode="json")
                row.seen = {}
        return told

    def clean(self, stop: threading.Event) -> None:
        """Forget stock-takes of long ago, until `stop` is set: their counts are in the ledger."""
        while not stop.is_set():
            until = (datetime.now(UTC) - KEPT_FOR).replace(tzinfo=None)
            with self._database.write() as session:
                session.execute(delete(StocktakeRow).where(StocktakeRow.created_at < until))
            stop.wait(_CLEANS_EVERY_SECONDS)

    def _model(self, tenant: str) -> Model:
        loaded = self._models().models
        return self._looks.model_of(tenant, loaded) or loaded[0]

    def _expected(self, asked: StocktakeAsked) -> dict[str, int]:
        """SKU -> how many should lie there: at least one each of those that were named."""
        lies = select(Level.sku, Level.on_hand).join(
            ItemRow, (ItemRow.tenant == Level.tenant) & (ItemRow.sku == Level.sku) & ~ItemRow.removed
        )
        here = lies.where(Level.tenant == asked.tenant, Level.location == asked.location, Level.on_hand > 0)
        if asked.expected is not None:
            here = here.where(Level.sku.in_(asked.expected))
        with self._database.read() as session:
            found = {sku: count or 0 for sku, count in session.execute(here.limit(MAX_EXPECTED + 1))}
        if asked.expected is not None:
            return {sku: max(1, found.get(sku, 0)) for sku in sorted(set(asked.expected))}
        if len(found) > MAX_EXPECTED:
            raise _invalid(
                "body.expected",
                f"more than {MAX_EXPECTED} items lie at {asked.location}; name those of this tray in `expected`",
            )
        return found

    def _counted(self, tenant: str, model: Model, seen: dict[str, Any]) -> dict[str, Any]:
        trays = [
            OnTray(
                one["photo"], Box.model_validate(one["box"]), np.stack([unpack_vector(each) for each in one["looks"]])
            )
            for one in seen["trays"]
        ]
        found = counted(trays, self._looks.pieces(tenant, model.version), seen["expected"], Sureness.of(model))
        return {"pieces": found.pieces, "items": found.items, "words": found.words}


def _by(analyses: Sequence[_A], model: Model) -> _A:
    for analysis in analyses:
        if analysis.model_version == model.version:
            return analysis
    raise Retryable("The model by which the shop's pieces were seen is just being changed. Try again in a minute.")


def _row(session: Session, tenant: str, stocktake_id: str, *, lock: bool = False) -> StocktakeRow:
    row = session.get(StocktakeRow, (tenant, stocktake_id), with_for_update=lock or None)
    if row is None:
        raise NotFound(f"There is no stock-take {stocktake_id}. They are forgotten after {KEPT_FOR.days} days.")
    return row


def _told(row: StocktakeRow) -> Stocktake:
    told = Stocktake.model_validate(row.stocktake)
    late = told.state == "open" and told.created_at + OPEN_FOR < datetime.now(UTC)
    return told.model_copy(update={"state": "expired"}) if late else told


def _open(row: StocktakeRow) -> Stocktake:
    told = _told(row)
    if told.state == "expired":
        raise _expired()
    if told.state == "confirmed":
        raise Conflict("The stock-take was confirmed already. Take photos again to count once more.")
    return told


def _expired() -> Conflict:
    return Conflict("The stock-take is over a day old: what lies there may have changed. Take the photos again.")


def _invalid(path: str, message: str) -> InvalidInput:
    return InvalidInput(f"{message[0].upper()}{message[1:]}.", errors=[{"path": path, "message": message}])
