"""Reasons in English."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from services.gateway.reasons.days import NEW, way_of
from shared.contracts.analysis import ATTRIBUTES
from shared.contracts.internal import Hit, Reason, Source

_DID = {
    "viewed": "you looked at",
    "searched": "your search found",
    "clicked": "you clicked",
    "favourited": "you saved",
    "carted": "you put in your cart",
    "purchased": "you bought",
    "returned": "you sent back",
    "dismissed": "you dismissed",
}
_LIKE = {"look": "Looks like {}", "described": "Described like {}", "together": "Who liked {} also liked this"}
_LOOK = {"form": "shape", "colour": "colour"}
_ALONE = {"pair": "the other half of the pair", "new": "new in the shop", "popular": "popular lately"}


def reason(hit: Hit, titles: Mapping[str, str], now: datetime) -> str:
    parts = _parts(hit.reasons, compared=hit.source.kind in ("picture", "item"))
    lead = _lead(hit, titles, now)
    told = f"{lead}: {', '.join(parts)}" if lead and parts else lead or ", ".join(parts)
    return told[:1].upper() + told[1:]


def matching(labels: Sequence[str]) -> str:
    return f"Matches {_listed(labels)}"


def _lead(hit: Hit, titles: Mapping[str, str], now: datetime) -> str:
    source = hit.source
    alike = f"{hit.score if source.similarity is None else source.similarity:.0%}"
    match source.kind:
        case "picture":
            return f"Looks {alike} like your photo"
        case "words":
            return ""
        case "item":
            return f"Looks {alike} like {_named(source.sku, titles, 'the other piece')}"
        case "look" | "described" | "together":
            return _LIKE[source.kind].format(_acted_on(source, titles, now))
        case "set":
            return f"Goes with {_acted_on(source, titles, now)}"
        case "searched":
            return f"Like what your search{_day(source.at, now)} found"
        case "popular":
            count = source.count or 0
            return f"{count} shoppers looked at it lately" if count > 1 else "A shopper looked at it lately"
        case "new":
            return _new(source, titles, now)


def _new(source: Source, titles: Mapping[str, str], now: datetime) -> str:
    """`at` is when it came in, so of the piece that it looks like no day is known."""
    alike = f"looks like {_acted_on(source.model_copy(update={'at': None}), titles, now)}" if source.sku else ""
    if source.at and now - source.at > NEW:
        return alike or f"In the shop since {source.at:%Y-%m-%d}"
    return f"New, and {alike}" if alike else "New in the shop"


def _acted_on(source: Source, titles: Mapping[str, str], now: datetime) -> str:
    """The piece with what the shopper did with it, and when: nothing of both where it is shown beside the list."""
    named = _named(source.sku, titles, "a piece")
    did = _DID.get(source.event or "")
    return f"{named} {did}{_day(source.at, now)}" if did else named


def _day(at: datetime | None, now: datetime) -> str:
    """As in "you saved on Tuesday", with a space before it."""
    if at is None:
        return ""
    at = at.astimezone(UTC)
    match way_of(at, now.astimezone(UTC)):
        case "today":
            return " today"
        case "yesterday":
            return " yesterday"
        case "weekday":
            return f" on {at:%A}"
        case "date":
            return f" on {at.day} {at:%B}"
        case "date and year":
            return f" on {at.day} {at:%B} {at.year}"


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
