"""Reasons say what their source holds, in a shopper's words."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from services.gateway.reasons import reason
from shared.contracts.internal import Hit, Reason, Source
from shared.contracts.messages import EventType

TITLES = {"A": "Emerald halo ring"}


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ({"kind": "picture", "similarity": 0.931}, "Looks 93% like your photo"),
        ({"kind": "picture"}, "Looks 50% like your photo"),
        ({"kind": "item", "sku": "A", "similarity": 0.8}, "Looks 80% like the Emerald halo ring"),
        ({"kind": "item", "sku": "gone"}, "Looks 50% like the other piece"),
        ({"kind": "look", "sku": "A", "event": "clicked"}, "Looks like the Emerald halo ring you clicked"),
        ({"kind": "look", "sku": "A", "event": "purchased"}, "Looks like the Emerald halo ring you bought"),
        ({"kind": "look", "sku": "gone", "event": "viewed"}, "Looks like a piece you looked at"),
        ({"kind": "popular", "count": 7}, "7 shoppers looked at it lately"),
        ({"kind": "popular", "count": 1}, "A shopper looked at it lately"),
        ({"kind": "new"}, "New in the shop"),
        ({"kind": "new", "at": "2021-05-01T00:00:00Z"}, "In the shop since 2021-05-01"),
    ],
)
def test_a_reason_tells_its_source(source: dict[str, Any], words: str) -> None:
    assert reason(Hit(sku="B", image_id="i", score=0.5, source=Source(**source)), TITLES) == words


SHARED = [("setting", "halo", False), ("cut", "oval", False), ("stone", "red", False)]


@pytest.mark.parametrize(
    ("source", "reasons", "words"),
    [
        ("picture", [], "Looks 87% like your photo"),
        ("picture", [("form", None, False), ("stock", None, False)], "Looks 87% like your photo"),
        ("picture", SHARED[:1], "Looks 87% like your photo: same setting"),
        ("picture", SHARED, "Looks 87% like your photo: same setting, cut and stone"),
        (
            "picture",
            [*SHARED[:1], ("metal", "silver", True), ("colour", None, True)],
            "Looks 87% like your photo: same setting, other metal and colour",
        ),
        ("picture", [("words", "twisted hoop", False)], "Looks 87% like your photo: matches “twisted hoop”"),
        ("item", [("pair", None, False)], "Looks 87% like the Emerald halo ring: the other half of the pair"),
        ("words", [("words", "twisted hoop", False)], "Matches “twisted hoop”"),
        (
            "words",
            [("type", "ring", False), ("metal", "rose gold", False), ("popular", None, False)],
            "Ring, rose gold metal, popular lately",
        ),
        ("words", [], ""),
    ],
)
def test_a_reason_tells_what_counted_and_what_speaks_against_it(
    source: str, reasons: list[tuple[str, str | None, bool]], words: str
) -> None:
    counted = [Reason(kind=kind, value=value, differs=differs, share=0.1) for kind, value, differs in reasons]
    told = Source(kind=source, sku="A", similarity=0.87)
    assert reason(Hit(sku="B", image_id="i", score=0.5, source=told, reasons=counted), TITLES) == words


@pytest.mark.parametrize("event", get_args(EventType))
def test_every_event_has_words_of_its_own(event: str) -> None:
    source = Source(kind="look", sku="A", event=event)
    assert "you know" not in reason(Hit(sku="B", image_id="i", score=0.5, source=source), TITLES)
