"""What the inventory knows of items and their pictures, as the catalogue and the models tell it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from typing import Any

from sqlalchemy import Connection, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from services.inventory.tables import ItemRow, PictureRow
from shared.contracts.messages import ImageAnalysed, ImageRemoved, ItemChanged
from shared.database import Database

_AT_ONCE = 500
_NOT_KEPT = {"description", "in_stock"}
_DIALECTS = {"postgresql": postgresql, "sqlite": sqlite}


class Catalogue:
    """Whatever comes twice, late or in another order ends the same: the highest revision of an item holds."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def items_changed(self, messages: Sequence[ItemChanged]) -> None:
        told = sorted(messages, key=lambda one: (one.tenant, one.sku, one.revision))
        with self._database.write() as session:
            rows = session.connection()
            _make(rows, told)
            keys = sorted({(one.tenant, one.sku) for one in told})
            known = select(ItemRow.tenant, ItemRow.sku, ItemRow.revision, ItemRow.removed_revision)
            held = known.where(tuple_(ItemRow.tenant, ItemRow.sku).in_(keys)).order_by(ItemRow.tenant, ItemRow.sku)
            revisions = {(t, s): (r, gone) for t, s, r, gone in rows.execute(held.with_for_update())}
            for one in told:
                revision, gone = revisions[one.tenant, one.sku]
                values: dict[str, Any] = {}
                if one.fields is None and one.revision > gone:
                    values["removed_revision"] = gone = one.revision
                if one.revision > revision:
                    values |= {"revision": one.revision, "removed": one.fields is None} | _facts(one)
                    revision = one.revision
                if values:
                    revisions[one.tenant, one.sku] = revision, gone
                    which = (ItemRow.tenant == one.tenant, ItemRow.sku == one.sku)
                    rows.execute(update(ItemRow).where(*which).values(**values))

    def images_analysed(self, messages: Sequence[ImageAnalysed]) -> None:
        rows = [
            {
                "tenant": one.tenant,
                "image_id": one.image_id,
                "model_version": one.model_version,
                "sku": one.sku,
                "sha256": one.sha256,
                "item_revision": one.item_revision,
                "removed": False,
            }
            for one in messages
        ]
        with self._database.write() as session:
            removed = {one.image_id for one in messages} & set(
                session.scalars(
                    select(PictureRow.image_id).where(
                        PictureRow.image_id.in_([one.image_id for one in messages]), PictureRow.removed
                    )
                )
            )
            kept = [row for row in rows if row["image_id"] not in removed]
            _insert_new(session.connection(), PictureRow, kept)

    def image_removed(self, message: ImageRemoved) -> None:
        """A row of no model says so to whatever comes late."""
        which = (PictureRow.tenant == message.tenant, PictureRow.image_id == message.image_id)
        gone = {"tenant": message.tenant, "image_id": message.image_id, "model_version": "", "sku": message.sku}
        with self._database.write() as session:
            rows = session.connection()
            _insert_new(rows, PictureRow, [{**gone, "sha256": "", "item_revision": 0, "removed": True}])
            rows.execute(update(PictureRow).where(*which).values(removed=True))


def revisions_of(rows: Connection, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """The highest revision heard of, by tenant and SKU; of items of which nothing was heard there is none."""
    found: dict[tuple[str, str], int] = {}
    wanted = select(ItemRow.tenant, ItemRow.sku, ItemRow.revision)
    for start in range(0, len(keys), _AT_ONCE):
        part = keys[start : start + _AT_ONCE]
        told = rows.execute(wanted.where(tuple_(ItemRow.tenant, ItemRow.sku).in_(part)))
        found.update({(tenant, sku): revision for tenant, sku, revision in told})
    return found


def live_pictures(rows: Connection, tenant: str, model_version: str) -> Sequence[Any]:
    """`sku`, `image_id` and `sha256` of each picture of an item that is there, in order of both."""
    there = (ItemRow.tenant == PictureRow.tenant) & (ItemRow.sku == PictureRow.sku)
    lives = (~PictureRow.removed, ~ItemRow.removed, PictureRow.item_revision > ItemRow.removed_revision)
    of_model = (PictureRow.tenant == tenant, PictureRow.model_version == model_version)
    wanted = select(PictureRow.sku, PictureRow.image_id, PictureRow.sha256).join(ItemRow, there)
    return rows.execute(wanted.where(*of_model, *lives).order_by(PictureRow.sku, PictureRow.image_id)).all()


def _facts(message: ItemChanged) -> dict[str, Any]:
    fields = message.fields
    if fields is None:
        return {}
    return {
        "title": fields.title,
        "price": fields.price,
        "currency": fields.currency,
        "created_at": fields.created_at.astimezone(UTC).replace(tzinfo=None),
        "fields": fields.model_dump(mode="json", exclude=_NOT_KEPT),
    }


def _make(rows: Connection, told: Sequence[ItemChanged]) -> None:
    new = {
        (one.tenant, one.sku): {
            "tenant": one.tenant,
            "sku": one.sku,
            "revision": 0,
            "removed": True,
            "removed_revision": 0,
            "title": "",
            "fields": {},
        }
        for one in told
    }
    _insert_new(rows, ItemRow, list(new.values()))


def _insert_new(rows: Connection, table: type[ItemRow] | type[PictureRow], values: list[dict[str, Any]]) -> None:
    """Those whose key is not there yet."""
    if values:
        rows.execute(_DIALECTS[rows.dialect.name].insert(table).on_conflict_do_nothing(), values)
