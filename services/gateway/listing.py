"""All reads of the catalogue, as the API shows it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from services.gateway.catalogue import no_image
from services.gateway.image_rows import Place, blurs_faces, find_places
from services.gateway.item_rows import no_item
from services.gateway.signing import Signer
from services.gateway.tables import OUTBOX, Image, Item, Tenant
from services.gateway.words.said import said_of
from shared.contracts import api
from shared.contracts.analysis import ATTRIBUTES, Attribute
from shared.database import Database

_ITEM = (Item.sku, Item.revision, Item.body, Item.created_at, Item.updated_at)
_REF = (Image.sku, Image.image_id, Image.state)


class Listing:
    """What is in a shop. Every address of a picture is signed, so that a browser needs no key for it."""

    def __init__(self, database: Database, signer: Signer) -> None:
        self._database = database
        self._signer = signer

    def item(self, tenant: str, sku: str) -> api.Item:
        found = self.items_of(tenant, [sku])
        if sku not in found:
            raise no_item(sku)
        return found[sku]

    def items_of(self, tenant: str, skus: Iterable[str]) -> dict[str, api.Item]:
        """Those of these items that are in the shop, by SKU."""
        with self._database.read() as session:
            rows = session.execute(
                select(*_ITEM).where(Item.tenant == tenant, Item.sku.in_(set(skus)), Item.removed.is_(False))
            ).all()
            return {item.sku: item for item in self._with_images(session, tenant, rows)}

    def items(self, tenant: str, after: str, limit: int) -> list[api.Item]:
        """Up to `limit` items in order of SKU, those after the SKU `after`."""
        with self._database.read() as session:
            rows = session.execute(
                select(*_ITEM)
                .where(Item.tenant == tenant, Item.sku > after, Item.removed.is_(False))
                .order_by(Item.sku)
                .limit(limit)
            ).all()
            return self._with_images(session, tenant, rows)

    def titles(self, tenant: str, skus: Iterable[str]) -> dict[str, str]:
        """Titles of these items by SKU, those of removed ones included: a reason may name them."""
        with self._database.read() as session:
            rows = session.execute(select(Item.sku, Item.body).where(Item.tenant == tenant, Item.sku.in_(set(skus))))
            return {sku: body["title"] for sku, body in rows}

    def image_row(self, tenant: str, image_id: str) -> Image:
        mine = select(Image).where(Image.image_id == image_id, Image.tenant == tenant)
        with self._database.read() as session:
            row = session.execute(mine).scalar_one_or_none()
        if row is None:
            raise no_image(image_id)
        return row

    def main_image(self, tenant: str, sku: str) -> Image | None:
        """The picture that the item stands for: the first that is indexed."""
        first = (
            select(Image)
            .where(Image.tenant == tenant, Image.sku == sku, Image.state == "indexed")
            .order_by(Image.stored_at, Image.image_id)
            .limit(1)
        )
        with self._database.read() as session:
            return session.execute(first).scalar_one_or_none()

    def images(self, tenant: str, state: str | None, after: str, limit: int) -> list[api.Image]:
        """Up to `limit` pictures in order of id, those after the id `after`."""
        query = select(Image).where(Image.tenant == tenant, Image.image_id > after)
        if state:
            query = query.where(Image.state == state)
        with self._database.read() as session:
            rows = session.execute(query.order_by(Image.image_id).limit(limit)).scalars().all()
        return [self.image_of(row) for row in rows]

    def indexed(self, tenant: str, after: str, limit: int) -> list[tuple[Image, dict[str, str]]]:
        """Up to `limit` indexed pictures in order of id, those after the id `after`, with their items' attributes."""
        query = (
            select(Image, Item.body)
            .join(Item, and_(Item.tenant == Image.tenant, Item.sku == Image.sku))
            .where(Image.tenant == tenant, Image.state == "indexed", Image.image_id > after)
            .order_by(Image.image_id)
            .limit(limit)
        )
        with self._database.read() as session:
            return [(row, body.get("attributes", {})) for row, body in session.execute(query)]

    def known_pictures(self, tenant: str, pictures: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str | None]:
        """By (SKU, sha256): the id of the item's picture of these bytes, None if there is none or it was rejected.

        Those whose item is not in the shop are left out.
        """
        places = self.places(tenant, pictures)
        return {key: place.image_id if place.state != "rejected" else None for key, place in places.items()}

    def blurs_faces(self, tenant: str) -> bool:
        with self._database.read() as session:
            return blurs_faces(session, tenant)

    def places(self, tenant: str, pictures: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Place]:
        """By (SKU, sha256) where each belongs; those whose item is not in the shop are left out."""
        with self._database.read() as session:
            return find_places(session, tenant, pictures)

    def status(self, tenant: str) -> api.Status:
        """Without the queues."""
        with self._database.read() as session:
            states = session.execute(
                select(Image.state, func.count().label("pictures")).where(Image.tenant == tenant).group_by(Image.state)
            ).all()
            items = session.execute(
                select(func.count()).select_from(Item).where(Item.tenant == tenant, Item.removed.is_(False))
            ).scalar_one()
            waiting = session.execute(
                select(func.count())
                .select_from(OUTBOX.table)
                .where(OUTBOX.table.c.payload["tenant"].as_string() == tenant)
            ).scalar_one()
            kept_days = session.execute(select(Tenant.query_photo_days).where(Tenant.tenant == tenant)).scalar_one()
        counts = {"stored": 0, "indexed": 0, "rejected": 0} | {row.state: row.pictures for row in states}
        return api.Status(items=items, images=counts, outbox=waiting, query_photo_days=kept_days)

    def _with_images(self, session: Session, tenant: str, rows: Sequence[Any]) -> list[api.Item]:
        refs: dict[str, list[api.ImageRef]] = {row.sku: [] for row in rows}
        found = session.execute(
            select(*_REF).where(Image.tenant == tenant, Image.sku.in_(refs)).order_by(Image.stored_at, Image.image_id)
        )
        for image in found:
            refs[image.sku].append(api.ImageRef(**self._ref(tenant, image.image_id, image.state)))
        return [
            api.Item(
                **row.body,
                sku=row.sku,
                revision=row.revision,
                created_at=row.created_at,
                updated_at=row.updated_at,
                images=refs[row.sku],
            )
            for row in rows
        ]

    def type_of(self, item: api.Item, row: Image) -> str | None:
        """What the main piece of an item's picture is known to be: by a correction, by the shop, or by the model."""
        said = said_of(item.title, item.attributes)
        known: str | None = row.corrected.get("type") or said.get("type") or (row.type or {}).get("value")
        return known

    def image_of(self, row: Image) -> api.Image:
        """Without its pieces."""
        said = {name: Attribute(value=value, confidence=1) for name, value in row.corrected.items()}
        attributes = {name: said.get(name) or getattr(row, name) for name in ATTRIBUTES}
        return api.Image(
            **self._ref(row.tenant, row.image_id, row.state),
            **attributes,
            sku=row.sku,
            sha256=row.sha256,
            bytes=row.bytes,
            width=row.width,
            height=row.height,
            stored_at=row.stored_at,
            reason=row.reason,
            warnings=row.warnings,
            corrected=sorted(row.corrected),
        )

    def _ref(self, tenant: str, image_id: str, state: str) -> dict[str, Any]:
        return {
            "image_id": image_id,
            "state": state,
            "image_url": self._signer.image_url(tenant, image_id),
            "status_url": status_url(image_id),
        }


def status_url(image_id: str) -> str:
    return f"/v1/images/{image_id}"
