"""Advice in Chinese says what the English says, with the same numbers."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import get_args

import pytest

from services.gateway.reasons.advice_in_chinese import in_chinese
from services.inventory.advice import wording
from shared.contracts.advice import Advice, AdviceKind

ROW = {"on_hand": 3.0, "recent": 14.0, "weekly": 1.25, "lead_days": 21.0, "lead": 3.8, "low": 2.0, "high": 6.0}
ROW |= {"cover_days": 17.0, "risk": 0.64, "upto": 9.0, "long": 40.0}


def advised(kind: AdviceKind | None) -> Advice:
    numbers = wording.numbers(ROW, wording.piece_sources("FAST"))
    for name, value in (("hold_up_to", ROW["upto"]), ("most_in_half_a_year", ROW["long"])):
        numbers.append(wording.number(name, value, "pieces"))
    if kind == "dead-stock":
        numbers.append(wording.number("days_without_a_sale", 400, "days"))
    told = {"why": wording.why(kind, ROW, 6, 400), "question": wording.question(kind), "numbers": numbers}
    return Advice.model_validate(
        {"of": "piece", "sku": "FAST", "kind": kind, "quantity": 6, "made_at": datetime(2026, 5, 1, tzinfo=UTC), **told}
    )


def said(words: str) -> set[str]:
    return set(re.findall(r"\d+(?:\.\d+)?%?", words))


@pytest.mark.parametrize("kind", [*get_args(AdviceKind), None])
def test_every_kind_says_the_same_numbers_and_asks_where_english_does(kind: AdviceKind | None) -> None:
    english = advised(kind)
    chinese = in_chinese(english)
    assert re.search("[\u4e00-\u9fff]", chinese.why)
    assert not re.search("[a-z]", chinese.why)
    assert said(chinese.why) == said(english.why)
    assert (chinese.question is None) == (english.question is None)
    assert chinese.numbers == english.numbers


def test_what_another_version_made_without_the_numbers_stays_as_it_is() -> None:
    old = advised("order").model_copy(update={"numbers": []})
    assert in_chinese(old) == old
