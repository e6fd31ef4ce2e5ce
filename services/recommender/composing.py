"""What a request asks for, in vectors of the searched model and in what is known of its parts."""

from __future__ import annotations

import binascii
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from services.recommender.index import Pinned
from services.recommender.ranking import BESIDE_THE_MAIN, condition_of, without
from shared.contracts.analysis import ATTRIBUTES, AttributeName
from shared.contracts.fields import Vector, unpack_vector
from shared.contracts.internal import QueryPart, SearchRequest
from shared.contracts.text import TEXT_DIMENSION
from shared.errors import InvalidInput, NotFound
from shared.vectorstore import AnyOf, Filter, Point, Text

PICTURES_ASKED_WITH = 8
_UNIT_TOLERANCE = 1e-3

Values = Mapping[AttributeName, frozenset[str]]
"""Of each attribute some values; what is not spoken of is absent."""


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that is searched by, or not to be alike.

    `vectors` are unit float32 arrays of shape (dimension,): of a picture one, of an item the main piece of each of its
    pictures, of words none. `text` is that of words.
    """

    kind: Literal["picture", "item", "words"]
    weight: float
    vectors: Sequence[Vector] = ()
    text: Text | None = None
    sku: str | None = None
    known: Mapping[AttributeName, str] | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """`wishes` count for an item, `known` is what the wanted parts show, `shunned` what no good item shows.

    The weights of `wanted` add up to 1; those of `unwanted` are as they were given.
    """

    wanted: Sequence[Part]
    unwanted: Sequence[Part]
    wishes: Values
    known: Values
    shunned: Values
    where: Filter

    @property
    def alone(self) -> Part | None:
        """The only part, when nothing else is asked for."""
        return self.wanted[0] if len(self.wanted) == 1 and not self.unwanted and not self.wishes else None

    @property
    def shown_by(self) -> int | None:
        """The place among `wanted` of the part whose nearest piece stands for an item: the heaviest of the look."""
        looks = [place for place, part in enumerate(self.wanted) if part.kind != "words"]
        return max(looks, key=lambda place: (self.wanted[place].weight, -place), default=None)


def compose(request: SearchRequest, pinned: Pinned, *, going_on: bool = False) -> Query:
    """The request in the terms of the collection. Items that it names are not among what is found.

    Raises `InvalidInput` for vectors that no model of ours made, and `NotFound` for an item without indexed picture,
    unless the request is `going_on` in a ranking that was made when it had one.
    """
    parts = [_part(part, request.tenant, pinned, going_on=going_on) for part in request.parts]
    negative = [part.negative for part in request.parts]
    wanted = [part for part, against in zip(parts, negative, strict=True) if not against]
    unwanted = [part for part, against in zip(parts, negative, strict=True) if against]
    if unwanted and not wanted:
        raise InvalidInput("parts: all of them are negative. Say what it should be like, too.")
    total = sum(part.weight for part in wanted)
    wanted = [_weighing(part, part.weight / total) for part in wanted]
    where = condition_of(request.filters)
    itself = [part.sku for part in parts if part.sku]
    wishes: Values = {name: frozenset(values) for name, values in request.prefer.items() if values}
    known = _shown_by_any(wanted)
    asked_for = {name: frozenset(values) for name in ATTRIBUTES if (values := getattr(request.filters, name))}
    return Query(
        wanted=wanted,
        unwanted=unwanted,
        wishes=wishes,
        known=known,
        shunned=_shunned(unwanted, (wishes, asked_for), known),
        where=Filter(where.must, (*where.must_not, *without(itself))),
    )


def main_pictures(pinned: Pinned, tenant: str, sku: str) -> list[Point]:
    """The main piece of up to 8 of an item's pictures. Raises `NotFound` when it has none."""
    points = pinned.vectors.scroll(tenant, Filter((AnyOf("sku", (sku,)),), (BESIDE_THE_MAIN,)), PICTURES_ASKED_WITH)
    if not points:
        raise NotFound(
            f"No picture of the item {sku} is indexed. Check the SKU; if a picture was uploaded, "
            "wait until its state is indexed."
        )
    return points


def known_of(points: Iterable[Point]) -> dict[AttributeName, str]:
    """What most of the pictures of an item show; what none of them shows for sure is absent."""
    known: dict[AttributeName, str] = {}
    held = list(points)
    for name in ATTRIBUTES:
        values = Counter(value for point in held if (value := point.payload.get(name)))
        if values:
            known[name] = values.most_common(1)[0][0]
    return known


def picture_vector(packed: Mapping[str, str], pinned: Pinned) -> Vector:
    """That of the searched model. Raises `InvalidInput` when it is absent or not of that model."""
    name, dimension = pinned.model.version, pinned.model.dimension
    if name not in packed:
        raise InvalidInput(
            f"vectors: there is none by model {name}, whose index is searched, only by {', '.join(packed)}. "
            "Add the folder or name of that model to EMBEDDER_MODEL_DIRS."
        )
    vector = _unpacked(packed[name], f"vectors.{name}")
    if vector.shape != (dimension,):
        raise InvalidInput(
            f"vectors.{name}: has {vector.size} dimensions, and this index has {dimension}. "
            "The embedder's model is not the one that the index was made by, though it has its name."
        )
    return _unit(vector, f"vectors.{name}")


def _part(part: QueryPart, tenant: str, pinned: Pinned, *, going_on: bool) -> Part:
    if part.vectors is not None:
        return Part("picture", part.weight, (picture_vector(part.vectors, pinned),), known=part.known)
    if part.sku is not None:
        try:
            pictures = main_pictures(pinned, tenant, part.sku)
        except NotFound:
            if not going_on:
                raise
            pictures = []
        return Part("item", part.weight, [p.vector for p in pictures], sku=part.sku, known=known_of(pictures))
    assert part.text is not None  # noqa: S101  the contract: one of the three
    meaning = _unpacked(part.text.dense, "text.dense")
    if meaning.shape != (TEXT_DIMENSION,):
        raise InvalidInput(f"text.dense: has {meaning.size} dimensions, and a text has {TEXT_DIMENSION}.")
    return Part("words", part.weight, text=Text(_unit(meaning, "text.dense"), part.text.terms), known=part.known)


def _unpacked(packed: str, path: str) -> Vector:
    try:
        return unpack_vector(packed)
    except (binascii.Error, ValueError) as error:
        raise InvalidInput(f"{path}: not the base64 of float32 numbers. Make it with pack_vector.") from error


def _unit(vector: Vector, path: str) -> Vector:
    if not abs(float(np.linalg.norm(vector)) - 1) < _UNIT_TOLERANCE:
        raise InvalidInput(f"{path}: is not of unit length. Send an embedding as the embedder made it.")
    return vector


def _weighing(part: Part, weight: float) -> Part:
    return Part(part.kind, weight, part.vectors, part.text, part.sku, part.known)


def _shown_by_any(parts: Iterable[Part]) -> dict[AttributeName, frozenset[str]]:
    shown: dict[AttributeName, set[str]] = {}
    for part in parts:
        for name, value in (part.known or {}).items():
            shown.setdefault(name, set()).add(value)
    return {name: frozenset(values) for name, values in shown.items()}


def _shunned(unwanted: Iterable[Part], asked_for: Sequence[Values], known: Values) -> Values:
    """What is meant by "not like this".

    Of words all that they say, also where the wanted shows it: "like this, but not gold". Of a picture or an item all
    that the wanted is not known to share, and its type only where the wanted is known to be of another: a ring that is
    not like that ring is a ring.
    """
    shunned: dict[AttributeName, set[str]] = {}
    for part in unwanted:
        for name, value in (part.known or {}).items():
            held = asked_for if part.kind == "words" else [*asked_for, known]
            wanted = frozenset[str]().union(*(values.get(name, ()) for values in held))
            if value not in wanted and (wanted or part.kind == "words" or name != "type"):
                shunned.setdefault(name, set()).add(value)
    return {name: frozenset(values) for name, values in shunned.items()}
