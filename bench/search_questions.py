"""Questions to a catalogue of renders whose answers are known, and what became of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lab.evaluate.sets import first_against_rest, single_renders
from lab.render.designs import from_json
from lab.render.words import Words, words
from lab.train.labels import METALS

TOP = 10
MOST_TRIES = 2_000
METAL_COLOURS = {name: colour for colour, names in METALS.items() for name in names}
ASKED_METALS = ("gold", "rose gold", "silver")
PLURALS = {"ruby": "rubies", "onyx": "onyxes", "topaz": "topazes", "turquoise": "turquoises"}

Random = np.random.Generator


@dataclass(frozen=True)
class Piece:
    """A design: its ground truth, the picture that the shop has, another photo of it, and what the shop says.

    `metal` is the colour, as models and searches have it; `made_of` the metal's name. `stone` is the main one's kind or
    none.
    """

    sku: str
    type: str
    metal: str
    made_of: str
    stone: str
    family: str
    differs: str
    picture: Path
    photo: Path
    words: Words
    stock: int


@dataclass(frozen=True)
class Question:
    """`query` is the JSON of a search, `photo` its picture. `holds`: a piece is an answer to all that was stated.

    `shows`: a piece has what was not to be. `answers`: so many pieces of the catalogue are one.
    """

    kind: str
    query: Mapping[str, Any]
    holds: Callable[[Piece], bool]
    answers: int
    shows: Callable[[Piece], bool] | None = None
    photo: Path | None = None


@dataclass(frozen=True)
class Judged:
    """Of the `places` first places of an answer, how many `hold`, and how many show what was not to be."""

    question: Question
    places: int
    hold: int
    shown: int


def pieces_of_renders() -> list[Piece]:
    """The evaluation set's designs in its order; every fourth is sold out."""
    gallery, photos = first_against_rest(single_renders())
    photo_of = {record.item_id: record.path for record in photos}
    pieces = []
    for number, record in enumerate(gallery):
        design = from_json(record.parameters["design"])
        told = words(design, design.parts(design.poses()[0]))
        pieces.append(
            Piece(
                sku=record.item_id,
                type=record.type,
                metal=METAL_COLOURS.get(record.metal, ""),
                made_of=record.metal,
                stone=record.stone,
                family=record.family,
                differs=record.parameters.get("differs", ""),
                picture=record.path,
                photo=photo_of[record.item_id],
                words=told,
                stock=number % 4,
            )
        )
    return pieces


def drawn(pieces: Sequence[Piece], each: int, seed: int) -> list[Question]:
    """`each` questions of every kind, none twice; the same seed draws the same ones."""
    questions: list[Question] = []
    for number, (kind, (least, draw)) in enumerate(_KINDS.items()):
        random = np.random.default_rng([seed, number])
        asked: dict[str, Question] = {}
        for _ in range(MOST_TRIES):
            question = draw(kind, random, pieces)
            if question.answers >= least:
                asked.setdefault(f"{question.query}{question.photo}", question)
            if len(asked) == each:
                break
        questions += asked.values()
    return questions


def judged(question: Question, found: Sequence[Piece]) -> Judged:
    """A place that is empty although there is an answer for it does not hold."""
    places = min(TOP, question.answers)
    top = found[:places]
    shown = sum(question.shows(piece) for piece in top) if question.shows else 0
    return Judged(question, places, sum(question.holds(piece) for piece in top), shown)


def _question(
    kind: str,
    pieces: Sequence[Piece],
    query: Mapping[str, Any],
    holds: Callable[[Piece], bool],
    shows: Callable[[Piece], bool] | None = None,
    photo: Path | None = None,
) -> Question:
    return Question(kind, query, holds, sum(map(holds, pieces)), shows, photo)


def _one(random: Random, pieces: Sequence[Piece]) -> Piece:
    return pieces[int(random.integers(len(pieces)))]


def _metal(random: Random) -> str:
    return str(random.choice(ASKED_METALS))


def _a(word: str) -> str:
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"


def _metal_and_type(kind: str, random: Random, pieces: Sequence[Piece]) -> Question:
    metal, of = _metal(random), _one(random, pieces).type
    said = str(random.choice([f"{metal} {of}", f"{of} in {metal}", f"{_a(of)} made of {metal}"]))
    return _question(kind, pieces, {"words": said}, lambda p: p.type == of and p.metal == metal)


def _stone_and_type(kind: str, random: Random, pieces: Sequence[Piece]) -> Question:
    one = _one(random, [piece for piece in pieces if piece.stone != "none"])
    of, stone = one.type, one.stone
    said = str(random.choice([f"{stone} {of}", f"{of} with {_a(stone)}"]))
    return _question(kind, pieces, {"words": said}, lambda p: p.type == of and p.stone == stone)


def _metal_stone_and_type(kind: str, random: Random, pieces: Sequence[Piece]) -> Question:
    one = _one(random, [piece for piece in pieces if piece.stone != "none" and piece.metal in ASKED_METALS])
    of, stone, metal = one.type, one.stone, one.metal
    said = f"{metal} {of} with {_a(stone)}"
    return _question(kind, pieces, {"words": said}, lambda p: p.type == of and p.stone == stone and p.metal == metal)


def _words_and_filters(kind: str, random: Random, pieces: Sequence[Piece]) -> Question:
    metal, one = _metal(random), _one(random, pieces)
    of, most = one.type, 2 * one.words.price
    query = {"words": metal, "filters": {"type": [of], "price_max": most, "in_stock": True}}
    return _question(
        kind, pieces, query, lambda p: p.type == of and p.metal == metal and p.words.price <= most and p.stock > 0
    )


def _words_with_a_price(kind: str, random: Random, pieces: Sequence[Piece]) -> Question:
    metal, one = _metal(random), _one(random, pieces)
    of, most = one.type, 2 * one.words.price
    query = {"words": f"{metal} {of} under {most}, in stock"}
    return _question(
        kind, pieces, query, lambda p: p.type == of and p.metal == metal and p.words.price <= most and p.stock > 0
    )


def _words_without(kind: str, random: Random, pieces: Sequence[Piece]) -> Question:
    one = _one(random, pieces)
    of, metal = one.type, _metal(random)
    if random.random() < 0.5:
        return _question(
            kind,
            pieces,
            {"words": f"{of}, not {metal}"},
            lambda p: p.type == of and p.metal != metal,
            lambda p: p.metal == metal,
        )
    stone = one.stone
    said = f"{of} without stones" if stone == "none" else f"{of}, no {PLURALS.get(stone, f'{stone}s')}"

    def shows(piece: Piece) -> bool:
        return piece.stone != "none" if stone == "none" else piece.stone == stone

    return _question(kind, pieces, {"words": said}, lambda p: p.type == of and not shows(p), shows)


def _photo_in_another_metal(kind: str, random: Random, pieces: Sequence[Piece]) -> Question:
    one, metal = _one(random, pieces), _metal(random)
    query = {"words": f"but in {metal}"}
    return _question(kind, pieces, query, lambda p: p.metal == metal, photo=one.photo)


def _photo_and_filters(kind: str, random: Random, pieces: Sequence[Piece]) -> Question:
    one = _one(random, pieces)
    of, most = one.type, 2 * one.words.price
    query = {"filters": {"type": [of], "price_max": most, "in_stock": True}}
    return _question(
        kind, pieces, query, lambda p: p.type == of and p.words.price <= most and p.stock > 0, photo=one.photo
    )


def _photo_minus_words(kind: str, random: Random, pieces: Sequence[Piece]) -> Question:
    one, metal = _one(random, pieces), _metal(random)
    query = {"parts": [{"image": 0}, {"words": metal, "negative": True}]}
    return _question(kind, pieces, query, lambda p: p.metal != metal, lambda p: p.metal == metal, one.photo)


def _item_minus_item(kind: str, random: Random, pieces: Sequence[Piece]) -> Question:
    one, other = _two_metals(random, pieces)
    query = {"parts": [{"sku": one.sku}, {"sku": other.sku, "negative": True}]}
    return _question(kind, pieces, query, lambda p: p.metal != other.metal, lambda p: p.metal == other.metal)


def _photo_minus_item(kind: str, random: Random, pieces: Sequence[Piece]) -> Question:
    one, other = _two_metals(random, pieces)
    query = {"parts": [{"image": 0}, {"sku": other.sku, "negative": True}]}
    return _question(kind, pieces, query, lambda p: p.metal != other.metal, lambda p: p.metal == other.metal, one.photo)


def _two_metals(random: Random, pieces: Sequence[Piece]) -> tuple[Piece, Piece]:
    """Two of one type and of different metals."""
    one = _one(random, [piece for piece in pieces if piece.metal])
    return one, _one(random, [p for p in pieces if p.type == one.type and p.metal not in ("", one.metal)])


Draw = Callable[[str, Random, Sequence[Piece]], Question]
WORDS_ALONE = {
    "metal and type": (5, _metal_and_type),
    "type and stone": (3, _stone_and_type),
    "metal, type and stone": (2, _metal_stone_and_type),
}
COMPOSED = {
    "words and filters": (5, _words_and_filters),
    "words with a price, in stock": (5, _words_with_a_price),
    "words with a not": (5, _words_without),
    "photo, but in another metal": (5, _photo_in_another_metal),
    "photo and filters": (5, _photo_and_filters),
    "photo minus words": (5, _photo_minus_words),
    "item minus an item of another metal": (5, _item_minus_item),
    "photo minus an item of another metal": (5, _photo_minus_item),
}
_KINDS: dict[str, tuple[int, Draw]] = {**WORDS_ALONE, **COMPOSED}
"""Kind -> so many pieces must be an answer, and how one is drawn."""


def by_kind(judgements: Sequence[Judged]) -> Iterator[tuple[str, list[Judged]]]:
    for kind in dict.fromkeys(one.question.kind for one in judgements):
        yield kind, [one for one in judgements if one.question.kind == kind]
