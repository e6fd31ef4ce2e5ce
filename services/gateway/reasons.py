"""Why a result is shown, in words. Each says only what its source holds."""

from __future__ import annotations

from collections.abc import Mapping

from shared.contracts.internal import Hit

_DID = {
    "viewed": "you looked at",
    "clicked": "you clicked",
    "favourited": "you marked as a favourite",
    "carted": "you put in your cart",
    "purchased": "you bought",
    "returned": "you sent back",
    "dismissed": "you dismissed",
}


def reason(hit: Hit, titles: Mapping[str, str]) -> str:
    """One line for a shopper; `titles` are those of the items that sources name, by SKU."""
    source = hit.source
    alike = f"{hit.score if source.similarity is None else source.similarity:.0%}"
    if source.kind == "picture":
        return f"Looks {alike} like your photo"
    if source.kind == "item":
        return f"Looks {alike} like {_named(source.sku, titles, 'the other piece')}"
    if source.kind == "look":
        return f"Looks like {_named(source.sku, titles, 'a piece')} {_DID.get(source.event or '', 'you know')}"
    if source.kind == "popular":
        count = source.count or 0
        return f"{count} shoppers looked at it lately" if count > 1 else "A shopper looked at it lately"
    return "New in the shop"


def _named(sku: str | None, titles: Mapping[str, str], otherwise: str) -> str:
    title = titles.get(sku or "")
    return f"the {title}" if title else otherwise
