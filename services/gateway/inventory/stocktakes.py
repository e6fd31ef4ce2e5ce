"""Stock-takes by photo: the embedder sees the pieces, the inventory knows what should lie there, a person confirms."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from hashlib import sha256
from typing import TypeVar
from urllib.parse import urlencode

from pydantic import BaseModel

from services.gateway.access import Parts
from services.gateway.query_vectors import Photo
from shared.contracts.internal import Analyses
from shared.contracts.stock import Movement
from shared.contracts.stocktakes import (
    CloserPhoto,
    CountedItem,
    Stocktake,
    StocktakeAsked,
    StocktakeConfirmation,
)
from shared.errors import InvalidInput

_M = TypeVar("_M", bound=BaseModel)
_JSON = {"Content-Type": "application/json"}


async def take(
    gateway: Parts, tenant: str, photos: Sequence[Photo], location: str, expected: list[str] | None
) -> Stocktake:
    """See what lies on the photos. Raises `InvalidInput` for an expected item that the shop does not have."""
    if expected is not None:
        known = await asyncio.to_thread(gateway.listing.items_of, tenant, expected)
        if missing := [place for place, sku in enumerate(expected) if sku not in known]:
            raise _no_items([f"body.expected.{place}" for place in missing], [expected[place] for place in missing])
    seen = [await gateway.embedder.analyse_tray(photo.data) for photo in photos]
    asked = StocktakeAsked(tenant=tenant, location=location, photos=seen, expected=expected)
    return await _post(gateway, "/stocktakes", asked, Stocktake)


async def look_closer(gateway: Parts, tenant: str, stocktake_id: str, number: int, photo: Photo) -> Stocktake:
    """Look again at one piece."""
    await gateway.inventory.ask(f"/stocktakes/{stocktake_id}", Stocktake, tenant=tenant)
    seen = Analyses(analyses=await gateway.vectors.photo(tenant, photo))
    asked = CloserPhoto(tenant=tenant, number=number, photo=seen)
    return await _post(gateway, f"/stocktakes/{stocktake_id}/closer", asked, Stocktake)


async def confirm(gateway: Parts, tenant: str, stocktake_id: str, said: StocktakeConfirmation) -> Stocktake:
    """Save what was seen, and what a person says, as counts of the moment at which the photos came in.

    The counts are in the outbox before the stock-take is noted as confirmed. Who asks again after a failure in between
    tells the same movements, by the same ids.
    """
    plan = await _post(gateway, f"/stocktakes/{stocktake_id}/plan", said, Stocktake, tenant=tenant)
    movements = [_movement(plan, one) for one in plan.counted]
    if movements:
        refused = await asyncio.to_thread(gateway.movements.accept, tenant, movements, whole=True)
        if refused:
            unknown = {plan.counted[place].sku for place in refused}
            named = [place for place, one in enumerate(said.counts) if one.sku in unknown]
            raise _no_items(
                [f"body.counts.{place}.sku" for place in named], [said.counts[place].sku for place in named]
            )
    if plan.state == "confirmed":
        return plan
    counted = StocktakeConfirmation(counts=plan.counted)
    return await _post(gateway, f"/stocktakes/{stocktake_id}/confirm", counted, Stocktake, tenant=tenant)


def _movement(of: Stocktake, one: CountedItem) -> Movement:
    return Movement(
        id=f"{of.stocktake_id}:{sha256(one.sku.encode()).hexdigest()[:24]}:{one.quantity}",
        sku=one.sku,
        kind="counted",
        quantity=one.quantity,
        location=of.location,
        occurred_at=of.created_at,
        reason="stock-take by photo",
    )


async def _post(gateway: Parts, path: str, body: BaseModel, answer: type[_M], **query: str) -> _M:
    asked = f"{path}?{urlencode(query)}" if query else path
    return await gateway.inventory.post(asked, body.model_dump_json().encode(), _JSON, answer)


def _no_items(paths: Sequence[str], skus: Sequence[str]) -> InvalidInput:
    named = ", ".join(skus[:5]) or "an item"
    return InvalidInput(
        f"The shop has no item {named}. Put it first, or leave it away.",
        errors=[{"path": path, "message": "there is no such item in this shop"} for path in paths],
    )
