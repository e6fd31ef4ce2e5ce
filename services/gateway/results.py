"""What the recommender found, joined with the catalogue."""

from __future__ import annotations

from collections.abc import Sequence

from services.gateway.listing import Listing
from services.gateway.reasons import reason
from shared.contracts.api import ImageRef, Item
from shared.contracts.internal import Hit
from shared.contracts.references import Language
from shared.contracts.search import Result


def results_of(listing: Listing, tenant: str, hits: Sequence[Hit], language: Language) -> list[Result]:
    """One result a hit, in their order; without hits whose item or pictures were removed a moment ago."""
    (results,) = results_of_lists(listing, tenant, [hits], language)
    return results


def results_of_lists(
    listing: Listing, tenant: str, lists: Sequence[Sequence[Hit]], language: Language
) -> list[list[Result]]:
    """Of each list as `results_of`, with the catalogue read once for all of them."""
    items = listing.items_of(tenant, {hit.sku for hits in lists for hit in hits})
    titles = {sku: item.title for sku, item in items.items()}
    named = {hit.source.sku for hits in lists for hit in hits if hit.source.sku}
    if others := named - titles.keys():
        titles |= listing.titles(tenant, others)
    return [
        [
            Result(
                sku=hit.sku,
                score=round(hit.score, 4),
                reason=reason(hit, titles, language),
                item=items[hit.sku],
                image_url=image.image_url,
                image_id=image.image_id,
                box=hit.box if image.image_id == hit.image_id else None,
                verdict=hit.verdict,
                reasons=hit.reasons,
            )
            for hit in hits
            if hit.sku in items and (image := _image(items[hit.sku], hit.image_id))
        ]
        for hits in lists
    ]


def _image(item: Item, image_id: str) -> ImageRef | None:
    """The picture that was found, or, when it was removed a moment ago, another one of the item."""
    images = [image for image in item.images if image.state != "rejected"]
    return next((image for image in images if image.image_id == image_id), images[0] if images else None)
