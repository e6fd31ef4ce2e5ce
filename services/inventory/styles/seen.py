"""What styles are made of and what comes of it, without a database: pieces in, groups and names out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from services.inventory.looks import Facts, Pieces
from services.inventory.styles.grouping import Share, Similar, grouped, shares
from services.inventory.styles.matching import matched
from services.inventory.styles.naming import Traits, names
from shared.contracts.fields import Vector
from shared.contracts.models import Model

_SLOPE = 20.0
_SEEN_BY_NONE = 0.6
"""The cosine at which two pieces count as likely as not of a similar style by a model that nobody has measured."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A shop's pieces, and of each in their order what is known of it, by its pictures and over that by the shop."""

    pieces: Pieces
    known: Sequence[Mapping[str, str]]
    facts: Mapping[str, Facts]

    @property
    def skus(self) -> Sequence[str]:
        return self.pieces.skus

    @property
    def types(self) -> list[str | None]:
        return [one.get("type") for one in self.known]


@dataclass(frozen=True, slots=True)
class Made:
    """`ids`: of each group its style of the run before, None for a new one; `shares`: of which groups each piece is."""

    ids: Sequence[str | None]
    shares: Sequence[Sequence[Share]]

    def members(self, group: int) -> list[int]:
        """The pieces that are of it before any other."""
        return [place for place, told in enumerate(self.shares) if told and told[0].group == group]


def made_of(seen: Seen, before: Mapping[str, Sequence[str]], similar: Similar) -> Made:
    """The groups of the pieces. `before`: by style the SKUs that were of it."""
    vectors = seen.pieces.vectors
    labels = grouped(vectors, seen.types)
    count = int(labels.max(initial=-1)) + 1
    ids = matched([[seen.skus[row] for row in np.flatnonzero(labels == one).tolist()] for one in range(count)], before)
    groups = {style: group for group, style in enumerate(ids) if style}
    was = {sku: groups[style] for style, skus in before.items() if style in groups for sku in skus}
    held = np.array([was.get(sku, -1) for sku in seen.skus], np.int64)
    return Made(ids, shares(vectors, seen.types, labels, similar, held))


def similarity(model: Model | None) -> Similar:
    """How likely two pieces are of a similar style, by a model's cosine of them."""
    style = model.style if model else None
    slope, offset = (style.slope, style.offset) if style else (_SLOPE, -_SLOPE * _SEEN_BY_NONE)

    def similar(cosines: Vector) -> Vector:
        return np.asarray(1 / (1 + np.exp(-(slope * cosines + offset))), np.float32)

    return similar


def traits_of(seen: Seen, place: int) -> Traits:
    facts = seen.facts.get(seen.skus[place])
    return Traits(seen.known[place], [tag.lower() for tag in facts.tags] if facts else ())


def named(seen: Seen, made: Made) -> list[str]:
    """A name a group, in their order; "" for one that all pieces left."""
    members = [made.members(group) for group in range(len(made.ids))]
    others = [traits_of(seen, place) for place, told in enumerate(made.shares) if not told]
    found = iter(names([[traits_of(seen, place) for place in each] for each in members if each], others))
    return [next(found) if each else "" for each in members]
