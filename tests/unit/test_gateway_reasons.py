"""Reasons say what their source holds, in a shopper's words."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, get_args

import pytest

from services.gateway.reasons import matching, reason
from services.gateway.words.lexicon import VALUES
from shared.contracts.internal import Hit, Reason, Source
from shared.contracts.user_events import EventType

TITLES = {"A": "Emerald halo ring"}
NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
"""A Wednesday."""


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
        (
            {"kind": "new", "sku": "A", "event": "favourited", "at": "2026-05-19T00:00:00Z"},
            "New, and looks like the Emerald halo ring you saved",
        ),
        (
            {"kind": "new", "sku": "A", "event": "viewed", "at": "2021-05-01T00:00:00Z"},
            "Looks like the Emerald halo ring you looked at",
        ),
        ({"kind": "look", "sku": "A"}, "Looks like the Emerald halo ring"),
        ({"kind": "look", "sku": "A", "event": "searched"}, "Looks like the Emerald halo ring your search found"),
        (
            {"kind": "together", "sku": "A", "event": "purchased"},
            "Who liked the Emerald halo ring you bought also liked this",
        ),
        ({"kind": "together", "sku": "A"}, "Who liked the Emerald halo ring also liked this"),
        ({"kind": "set", "sku": "A", "event": "carted"}, "Goes with the Emerald halo ring you put in your cart"),
        ({"kind": "set", "sku": "A"}, "Goes with the Emerald halo ring"),
        ({"kind": "searched", "sku": "A"}, "Like what your search found"),
    ],
)
def test_a_reason_tells_its_source(source: dict[str, Any], words: str) -> None:
    assert reason(Hit(sku="B", image_id="i", score=0.5, source=Source(**source)), TITLES, now=NOW) == words


@pytest.mark.parametrize(
    ("at", "day"),
    [
        ("2026-05-20T00:00:01Z", "today"),
        ("2026-05-20T23:59:00Z", "today"),
        ("2026-05-20T01:00:00+02:00", "yesterday"),
        ("2026-05-19T00:00:00Z", "yesterday"),
        ("2026-05-18T23:59:59Z", "on Monday"),
        ("2026-05-14T00:00:00Z", "on Thursday"),
        ("2026-05-13T23:59:59Z", "on 13 May"),
        ("2025-12-03T12:00:00Z", "on 3 December"),
        ("2025-05-20T12:00:00Z", "on 20 May 2025"),
    ],
)
def test_a_reason_tells_the_day_of_what_the_shopper_did(at: str, day: str) -> None:
    def told(**source: Any) -> str:
        return reason(Hit(sku="B", image_id="i", score=0.5, source=Source(**source, at=at)), TITLES, now=NOW)

    assert told(kind="look", sku="A", event="favourited") == f"Looks like the Emerald halo ring you saved {day}"
    assert told(kind="set", sku="A", event="purchased") == f"Goes with the Emerald halo ring you bought {day}"
    assert told(kind="searched") == f"Like what your search {day} found"


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


@pytest.mark.parametrize(
    ("source", "reasons", "words"),
    [
        ({"kind": "picture"}, SHARED, "与您的照片有 87% 相似：镶嵌、切工、宝石相同"),
        ({"kind": "picture"}, [("colour", None, True)], "与您的照片有 87% 相似：颜色不同"),
        ({"kind": "item", "sku": "gone"}, [("pair", None, False)], "与另一件首饰有 87% 相似：同一对中的另一只"),
        ({"kind": "words"}, [("type", "ring", False), ("metal", "rose gold", False)], "戒指，金属：玫瑰金"),
        ({"kind": "words"}, [("stone", "moonstone", False)], "宝石：moonstone"),
        ({"kind": "words"}, [("words", "twisted hoop", False)], "符合“twisted hoop”"),
        (
            {"kind": "look", "event": "favourited", "at": "2026-05-19T12:00:00Z"},
            [],
            "外观与您昨天收藏的“Emerald halo ring”相似",
        ),
        ({"kind": "together"}, [], "喜欢“Emerald halo ring”的人也喜欢这件"),
        (
            {"kind": "set", "event": "carted", "at": "2026-05-18T12:00:00Z"},
            [],
            "可与您周一放入购物车的“Emerald halo ring”搭配",
        ),
        ({"kind": "searched", "at": "2026-05-13T12:00:00Z"}, [], "与您5月13日搜索到的相似"),
        ({"kind": "popular", "count": 7}, [], "近期有 7 位顾客看过"),
        ({"kind": "new", "sku": None}, [], "店内新品"),
        ({"kind": "new", "sku": None, "at": "2021-05-01T00:00:00Z"}, [], "2021-05-01 起在店内"),
    ],
)
def test_it_is_told_in_chinese_too(
    source: dict[str, Any], reasons: list[tuple[str, str | None, bool]], words: str
) -> None:
    counted = [Reason(kind=kind, value=value, differs=differs, share=0.1) for kind, value, differs in reasons]
    hit = Hit(
        sku="B", image_id="i", score=0.5, source=Source(**{"sku": "A", "similarity": 0.87} | source), reasons=counted
    )
    assert reason(hit, TITLES, "zh", NOW) == words


def test_every_event_and_every_part_of_a_reason_has_words_in_chinese() -> None:
    for event in get_args(EventType):
        told = reason(
            Hit(sku="B", image_id="i", score=0.5, source=Source(kind="look", sku="A", event=event)), TITLES, "zh"
        )
        assert told.startswith("外观与您"), event
    for attribute, values in VALUES.items():
        for value in values:
            one = Reason(kind=attribute, value=value, share=0.1)
            told = reason(
                Hit(sku="B", image_id="i", score=0.5, source=Source(kind="words"), reasons=[one]), TITLES, "zh"
            )
            assert not re.search("[a-z]", told), told
    assert matching(["金色", "戒指"], "zh") == "符合：金色、戒指"
