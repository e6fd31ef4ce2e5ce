"""What the simulated shop sells: designs with the traits that shoppers' tastes are of, and pictures that models see."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lab.datasets import Record
from lab.evaluate.sets import first_against_rest, single_renders
from lab.models.port import Model
from lab.render.design import Design
from lab.render.designs import from_json
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
_A_MM = {"silver": 4, "blackened": 4, "yellow gold": 60, "rose gold": 60, "white gold": 65, "platinum": 90}
_A_STONE = {"diamond": 180, "emerald": 140, "ruby": 120, "sapphire": 120, "pearl": 25, "onyx": 10, "turquoise": 10}
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


def pieces_of_renders(model: Model) -> list[Piece]:
    """The designs of the evaluation set, each with its first picture's vector."""
    records = first_against_rest(single_renders())[0]
    vectors = vectors_of(model, records)
    designs = [from_json(record.parameters["design"]) for record in records]
    stones = [_stones(record) for record in records]
    types = [record.type for record in records]
    prices = [_price(*one) for one in zip(designs, stones, strict=True)]
    price_classes = _classes(types, prices)
    width_classes = _classes(types, [_width(design) for design in designs])
    pieces = []
    for place, (record, design) in enumerate(zip(records, designs, strict=True)):
        form = _form(design)
        traits = {
            "form": form,
            "motif": _motif(form),
            "stones": _count(sum(stones[place].values())),
            "symmetry": "no" if set(re.split("[ -]", form)) & set(_LOPSIDED.split()) else "yes",
            "width": width_classes[place],
            "price": price_classes[place],
        }
        pieces.append(
            Piece(
                sku=record.item_id,
                type=record.type,
                metal=_METAL.get(design.metal, ""),
                stone=_colour(next(iter(stones[place]), "")),
                price=prices[place],
                traits=tuple(f"{name} {value}" for name, value in traits.items()),
                vector=vectors[place],
            )
        )
    return pieces


def _stones(record: Record) -> dict[str, int]:
    """How many there are of each kind, the most conspicuous first."""
    counts: Counter[str] = Counter()
    for stone in json.loads(record.parameters["stones"]):
        counts[stone["kind"]] += stone["count"]
    return dict(counts)


def _price(design: Design, stones: Mapping[str, int]) -> float:
    """By metal and size, and by the stones, of which the hundredth adds less than the first."""
    metal = _A_MM.get(design.metal, _A_MM["silver"]) * _width(design)
    set_with = sum(_A_STONE.get(kind, 30) * float(count) ** 0.7 for kind, count in stones.items())
    return float(round(40 + metal + set_with))


def _form(design: Design) -> str:
    """The head of a ring, the case of a watch, the kind of all else."""
    return str(getattr(design, "head", None) or getattr(design, "case", None) or getattr(design, "kind", ""))


def _motif(form: str) -> str:
    parts = set(form.split())
    return next((motif for motif, forms in _MOTIFS.items() if parts & set(forms.split())), "plain")


def _count(stones: int) -> str:
    return "none" if not stones else "one" if stones == 1 else "few" if stones < 10 else "many"


def _width(design: Design) -> float:
    width: float = getattr(design, "width", 0.0) or getattr(design, "size", 0.0)
    return width


def _classes(types: Sequence[str], values: Sequence[float]) -> list[str]:
    """The third of its type that each value is in."""
    told = [""] * len(values)
    for kind in set(types):
        places = [place for place, of in enumerate(types) if of == kind]
        bounds = np.quantile([values[place] for place in places], [1 / 3, 2 / 3])
        for place in places:
            told[place] = _CLASSES[int(np.searchsorted(bounds, values[place]))]
    return told


def _colour(kind: str) -> str:
    if not kind:
        return "none"
    return next((colour for colour, names in STONES.items() if kind in " ".join(names).replace(",", "").split()), "")


def payload(piece: Piece) -> dict[str, object]:
    """What the index is told: what a shop says of its items, and the embedder of their pictures."""
    told = {"type": piece.type, "metal": piece.metal, "stone": piece.stone}
    return {name: value for name, value in told.items() if value} | {"price": piece.price, "title": piece.sku}
