"""What the simulated shop sells: designs with the traits that shoppers' tastes are of, and pictures that models see."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lab.datasets import Record
from lab.evaluate.sets import first_against_rest, sample_catalogue, single_renders
from lab.models.port import Model, Vectors
from lab.render.catalogue import pieces as sample_pieces
from lab.render.design import Design, stones_of
from lab.render.designs import from_json
from lab.render.words import words
from lab.train.labels import METALS, STONES
from lab.vectors import vectors_of
from shared.contracts.fields import Vector

_CLASSES = ("low", "middle", "high")
_MOTIFS = {
    "nature": "flower spray wreath butterfly dragonfly feather tree drop y-drop",
    "sky": "star moon starburst",
    "figure": "heart cross key bow cameo charm locket tag",
    "line": "bar disc circle tank tennis chain plates line signet",
}
_LOPSIDED = "spray feather swirl moon key y-drop two-stone open twisted bypass"
_METAL = {name: colour for colour, names in METALS.items() for name in names}


@dataclass(frozen=True)
class Piece:
    """An item. `traits` name a value each; neither index nor model is told any of them but type, colours and price."""

    sku: str
    type: str
    metal: str
    stone: str
    price: float
    traits: tuple[str, ...]
    vector: Vector


@dataclass(frozen=True)
class _Built:
    design: Design
    price: float
    stones: int
    stone: str


def pieces_of_renders(model: Model) -> list[Piece]:
    """The designs of the evaluation set and of the sample catalogue, each with its first picture's vector."""
    made = [(record, from_json(record.parameters["design"])) for record in first_against_rest(single_renders())[0]]
    designs = {piece.sku: piece.design for piece in sample_pieces()}
    made += [(record, designs[record.item_id]) for record in first_against_rest(sample_catalogue())[0]]
    vectors = vectors_of(model, [record for record, _ in made])
    return _pieces([record for record, _ in made], [_built(design) for _, design in made], vectors)


def _built(design: Design) -> _Built:
    parts = design.parts(design.poses()[0])
    stones = stones_of(parts)
    main = str(stones[0]["kind"]) if stones else ""
    return _Built(design, float(words(design, parts).price), sum(int(stone["count"]) for stone in stones), main)


def _pieces(records: Sequence[Record], built: Sequence[_Built], vectors: Vectors) -> list[Piece]:
    types = [record.type for record in records]
    prices = _classes(types, [one.price for one in built])
    widths = _classes(types, [_width(one.design) for one in built])
    return [
        Piece(
            sku=record.item_id,
            type=record.type,
            metal=_METAL.get(one.design.metal, ""),
            stone=_stone_colour(one.stone),
            price=one.price,
            traits=(
                f"form {_form(one.design)}",
                f"motif {_motif(_form(one.design))}",
                f"stones {_count(one.stones)}",
                f"symmetry {'no' if set(re.split('[ -]', _form(one.design))) & set(_LOPSIDED.split()) else 'yes'}",
                f"width {width}",
                f"price {price}",
            ),
            vector=vector,
        )
        for record, one, price, width, vector in zip(records, built, prices, widths, vectors, strict=True)
    ]


def _form(design: Design) -> str:
    """The head of a ring, the case of a watch, the kind of all else."""
    return str(getattr(design, "head", None) or getattr(design, "case", None) or getattr(design, "kind", ""))


def _motif(form: str) -> str:
    parts = set(form.split())
    return next((motif for motif, forms in _MOTIFS.items() if parts & set(forms.split())), "plain")


def _count(stones: int) -> str:
    return "none" if not stones else "one" if stones == 1 else "few" if stones < 10 else "many"


def _width(design: Design) -> float:
    return float(getattr(design, "width", None) or getattr(design, "size", 0.0))


def _classes(types: Sequence[str], values: Sequence[float]) -> list[str]:
    """The third of its type that each value is in."""
    told = [""] * len(values)
    for kind in set(types):
        places = [place for place, of in enumerate(types) if of == kind]
        bounds = np.quantile([values[place] for place in places], [1 / 3, 2 / 3])
        for place in places:
            told[place] = _CLASSES[int(np.searchsorted(bounds, values[place]))]
    return told


def _stone_colour(kind: str) -> str:
    if not kind:
        return "none"
    return next((colour for colour, names in STONES.items() if kind in " ".join(names).replace(",", "").split()), "")


def payload(piece: Piece) -> dict[str, str | float]:
    """What the index is told: what a shop says of its items, and the embedder of their pictures."""
    told = {"type": piece.type, "metal": piece.metal, "stone": piece.stone}
    return {name: value for name, value in told.items() if value} | {"price": piece.price, "title": piece.sku}
