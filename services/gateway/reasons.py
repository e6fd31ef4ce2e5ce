"""Why a result is shown, in words. Each says only what its source and its reasons hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from shared.contracts.analysis import ATTRIBUTES
from shared.contracts.internal import Hit, Reason

_DID = {
    "viewed": "you looked at",
    "clicked": "you clicked",
    "favourited": "you marked as a favourite",
    "carted": "you put in your cart",
    "purchased": "you bought",
    "returned": "you sent back",
    "dismissed": "you dismissed",
}
_NEW = timedelta(days=60)
_LOOK = {"form": "shape", "colour": "colour"}
_ALONE = {"pair": "the other half of the pair", "new": "new in the shop", "popular": "popular lately"}


def reason(hit: Hit, titles: Mapping[str, str]) -> str:
    """One line for a shopper; `titles` are those of the items that sources name, by SKU. The shop's stock is no news:
    that it counted is in the parts alone."""
    parts = _parts(hit.reasons, compared=hit.source.kind in ("picture", "item"))
    lead = _lead(hit, titles)
    told = f"{lead}: {', '.join(parts)}" if lead and parts else lead or ", ".join(parts)
    return told[:1].upper() + told[1:]


def _lead(hit: Hit, titles: Mapping[str, str]) -> str:
    source = hit.source
    alike = f"{hit.score if source.similarity is None else source.similarity:.0%}"
    if source.kind == "picture":
        return f"Looks {alike} like your photo"
    if source.kind == "words":
        return ""
    if source.kind == "item":
        return f"Looks {alike} like {_named(source.sku, titles, 'the other piece')}"
    if source.kind == "look":
        return f"Looks like {_named(source.sku, titles, 'a piece')} {_DID.get(source.event or '', 'you know')}"
    if source.kind == "described":
        return f"Described like {_named(source.sku, titles, 'a piece')} {_DID.get(source.event or '', 'you know')}"
    if source.kind == "popular":
        count = source.count or 0
        return f"{count} shoppers looked at it lately" if count > 1 else "A shopper looked at it lately"
    if source.at and datetime.now(UTC) - source.at > _NEW:
        return f"In the shop since {source.at:%Y-%m-%d}"
    return "New in the shop"


def _parts(reasons: Sequence[Reason], *, compared: bool) -> list[str]:
    """What speaks for the hit and then what speaks against it; without a piece to compare with, values alone."""
    same = [one for one in reasons if not one.differs and one.kind in ATTRIBUTES]
    words = [f"matches “{one.value}”" if one.value else "matches your words" for one in reasons if one.kind == "words"]
    alone = [_ALONE[one.kind] for one in reasons if one.kind in _ALONE]
    other = [_LOOK.get(one.kind, one.kind) for one in reasons if one.differs]
    if compared:
        alike = [f"same {_listed([one.kind for one in same])}"] if same else []
    else:
        alike = [f"{one.value} {one.kind}" if one.kind != "type" else f"{one.value}" for one in same]
    return [*alike, *words, *alone, *([f"other {_listed(other)}"] if other else [])]


def _listed(names: Sequence[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def _named(sku: str | None, titles: Mapping[str, str], otherwise: str) -> str:
    title = titles.get(sku or "")
    return f"the {title}" if title else otherwise
