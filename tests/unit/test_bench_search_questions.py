"""Questions whose answers are known: that they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.search_questions import COMPOSED, TOP, WORDS_ALONE, Piece, Question, drawn, judged
from lab.render.words import Words

METALS = ("gold", "rose gold", "silver")
STONES = ("none", "emerald", "pearl", "ruby")
TYPES = ("ring", "brooch")


def piece(number: int) -> Piece:
    words = Words("", "", (), 100 * number, "")
    metal, stone, kind = METALS[number % 3], STONES[number % 4], TYPES[number // 12 % 2]
    picture, photo = Path(f"{number}-0.jpg"), Path(f"{number}-1.jpg")
    return Piece(f"S{number}", kind, metal, metal, stone, "", "", picture, photo, words, number % 5)


PIECES = [piece(number) for number in range(240)]


def test_a_seed_draws_the_same_questions_of_every_kind_and_none_twice() -> None:
    questions = drawn(PIECES, 3, seed=1)
    asked = [f"{question.query}{question.photo}" for question in questions]
    assert asked == [f"{question.query}{question.photo}" for question in drawn(PIECES, 3, seed=1)]
    assert len(asked) == len(set(asked))
    assert {question.kind for question in questions} == {*WORDS_ALONE, *COMPOSED}


@pytest.mark.parametrize("question", drawn(PIECES, 2, seed=2), ids=lambda question: str(question.kind))
def test_its_answers_hold_and_show_nothing_that_was_not_to_be(question: Question) -> None:
    right = [one for one in PIECES if question.holds(one)]
    assert len(right) == question.answers
    told = judged(question, right)
    assert (told.hold, told.shown) == (told.places, 0)


def test_an_empty_place_does_not_hold_and_one_too_many_is_not_counted() -> None:
    question = drawn(PIECES, 1, seed=3)[0]
    right = [one for one in PIECES if question.holds(one)]
    wrong = [one for one in PIECES if not question.holds(one)]
    assert judged(question, right[:3]).hold == 3
    assert judged(question, right[:3]).places == min(TOP, question.answers)
    assert judged(question, [*right[:TOP], *wrong]).hold == min(TOP, question.answers)
