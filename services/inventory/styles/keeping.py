"""Styles in the inventory's database, one shop's replaced in one transaction: nobody reads half of a night's run."""

from __future__ import annotations

import uuid
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import delete, insert, select, update
from sqlalchemy.engine import Connection

from services.inventory.batching import batches
from services.inventory.style_tables import PlacedRow, StylePieceRow, StyleRow
from services.inventory.styles.bands import band_of
from services.inventory.styles.grouping import typical
from services.inventory.styles.seen import Made, Seen, named

_AT_ONCE = 1_000
Near = tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]
"""Of each piece its nearest ones, itself among them, and how likely they are of a similar style."""


def styles_before(rows: Connection, tenant: str) -> dict[str, list[str]]:
    """By style the SKUs that are of it before any other."""
    wanted = select(StylePieceRow.style_id, StylePieceRow.sku).where(
        StylePieceRow.tenant == tenant, StylePieceRow.rank == 0
    )
    found: dict[str, list[str]] = defaultdict(list)
    for style_id, sku in rows.execute(wanted.order_by(StylePieceRow.style_id, StylePieceRow.sku)):
        found[style_id].append(sku)
    return found


def keep(rows: Connection, tenant: str, seen: Seen, made: Made, near: Near) -> None:
    """Put these styles in the place of those that were."""
    ids = _keep_styles(rows, tenant, seen, made)
    for table in (StylePieceRow, PlacedRow):
        rows.execute(delete(table).where(table.tenant == tenant))
    shared = [
        {"tenant": tenant, "sku": sku, "rank": rank, "style_id": ids[one.group], "share": round(one.share, 4)}
        for sku, told in zip(seen.skus, made.shares, strict=True)
        for rank, one in enumerate(told)
    ]
    for part in batches(shared, _AT_ONCE):
        rows.execute(insert(StylePieceRow), part)
    for part in batches([_placed(tenant, seen, place, near) for place in range(len(seen.skus))], _AT_ONCE):
        rows.execute(insert(PlacedRow), part)


def _keep_styles(rows: Connection, tenant: str, seen: Seen, made: Made) -> dict[int, str]:
    """The id of each group that has pieces."""
    now = datetime.now(UTC).replace(tzinfo=None)
    ids: dict[int, str] = {}
    ended = {"pieces": 0, "ended_at": now}
    rows.execute(update(StyleRow).where(StyleRow.tenant == tenant, StyleRow.ended_at.is_(None)).values(ended))
    for group, name in enumerate(named(seen, made)):
        members = made.members(group)
        if not members:
            continue
        shown = typical(seen.pieces.vectors, np.array(members))
        view = seen.pieces.best_view(shown)
        told = {"name": name, "sku": view.sku, "image_id": view.image_id, "pieces": len(members), "seen_at": now}
        style_id = ids[group] = made.ids[group] or f"st_{uuid.uuid4().hex[:16]}"
        which = (StyleRow.tenant == tenant, StyleRow.style_id == style_id)
        if not rows.execute(update(StyleRow).where(*which).values(ended_at=None, **told)).rowcount:
            rows.execute(insert(StyleRow).values(tenant=tenant, style_id=style_id, created_at=now, **told))
    return ids


def _placed(tenant: str, seen: Seen, place: int, near: Near) -> dict[str, Any]:
    known, sku = seen.known[place], seen.skus[place]
    places, likely = near
    facts = seen.facts.get(sku)
    return {
        "tenant": tenant,
        "sku": sku,
        "price_band": band_of(facts.price) if facts else None,
        "neighbours": [
            [seen.skus[int(other)], round(float(p), 4)]
            for other, p in zip(places[place], likely[place], strict=True)
            if other != place
        ],
        **{name: known.get(name) for name in ("type", "metal", "stone")},
    }
