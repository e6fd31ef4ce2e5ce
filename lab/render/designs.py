"""All types of jewelry: designs by chance, from JSON, and families of near-twins."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np

from lab.render.bracelets import Bracelet
from lab.render.brooches import Brooch
from lab.render.design import Design, Random, to_json
from lab.render.earrings import Earring
from lab.render.necklaces import Necklace
from lab.render.pendants import Pendant
from lab.render.rings import Ring
from lab.render.watches import Watch

TYPES: dict[str, type[Design]] = {
    kind.type: kind for kind in (Ring, Earring, Necklace, Pendant, Bracelet, Brooch, Watch)
}


def draw(random: Random, kind: str | None = None) -> Design:
    """A design by chance, of the type `kind` or of any."""
    names = list(TYPES)
    return TYPES[kind or names[int(random.integers(len(names)))]].draw(random)


def from_json(text: str) -> Design:
    """The design that `design.to_json` wrote. Raises `KeyError` or `TypeError` for what it never wrote."""
    fields = json.loads(text)
    return TYPES[fields.pop("type")](**fields)


@dataclasses.dataclass(frozen=True)
class Family:
    """Designs that differ in exactly the field `differs`."""

    differs: str
    members: tuple[Design, ...]


def draw_family(random: Random, count: int) -> Family:
    """A family of two to `count` near-twins by chance."""
    while True:
        design = draw(random)
        fields = list(design.variants().items())
        if not fields:
            continue
        weights = np.array([0.4 if name == "metal" else 1.0 for name, _ in fields])
        name, values = fields[int(random.choice(len(fields), p=weights / weights.sum()))]
        members = _members(design, name, [value for value in values if value != getattr(design, name)], random, count)
        if len(members) >= min(count, 3):
            return Family(name, tuple(members))


def _members(design: Design, name: str, values: list[object], random: Random, count: int) -> list[Design]:
    """`design` and its twins of other values; two whose parts come out equal are one."""
    kept, seen = [design], {_looks(design)}
    for index in random.permutation(len(values)):
        value = values[index]
        changed: dict[str, Any] = {name: round(value, 2) if isinstance(value, float) else value}
        twin = dataclasses.replace(design, **changed)
        if len(kept) < count and _looks(twin) not in seen:
            kept.append(twin)
            seen.add(_looks(twin))
    return kept


def _looks(design: Design) -> str:
    """Equal for designs whose parts are the same."""
    parts = design.parts(design.poses()[0])
    return (
        "|".join(f"{p.material} {len(p.mesh.vertices)} {p.mesh.vertices.sum(0).round(3)}" for p in parts)
        + to_json(design)[:8]
    )
