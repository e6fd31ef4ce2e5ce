"""Reasons say what their source holds, in a shopper's words."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from services.gateway.reasons import reason
from shared.contracts.internal import Hit, Source
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
    ],
)
def test_a_reason_tells_its_source(source: dict[str, Any], words: str) -> None:
    assert reason(Hit(sku="B", image_id="i", score=0.5, source=Source(**source)), TITLES) == words


@pytest.mark.parametrize("event", get_args(EventType))
def test_every_event_has_words_of_its_own(event: str) -> None:
    source = Source(kind="look", sku="A", event=event)
    assert "you know" not in reason(Hit(sku="B", image_id="i", score=0.5, source=source), TITLES)
