"""From photos of trays to what was seen, item by item, and from that to counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from services.inventory.looks import Pieces
from services.inventory.stocktake.matching import Match, Matching, matched
from services.inventory.stocktake.sureness import Sureness
from shared.contracts.analysis import Box
from shared.contracts.fields import Vector
from shared.contracts.stocktakes import CountedItem, PieceCandidate, StocktakeItem, StocktakePiece

_TOLD = 8
"""SKUs that are told in words."""


@dataclass(frozen=True, slots=True)
class OnTray:
    """A piece on a photo; `looks`: float32 [l, d], one of the tray and one of each photo from nearer."""

    photo: int
    box: Box
    looks: Vector


@dataclass(frozen=True, slots=True)
class Counted:
    pieces: list[StocktakePiece]
    items: list[StocktakeItem]
    words: str


def counted(trays: Sequence[OnTray], pieces: Pieces, expected: Mapping[str, int], sureness: Sureness | None) -> Counted:
    """What each piece on the photos is. Without a `sureness` nobody knows."""
    cosines = np.zeros((len(trays), len(pieces.skus)))
    for row, one in enumerate(trays):
        if pieces.skus and sureness:
            cosines[row] = pieces.cosines(one.looks).max(axis=0)
    found = (
        matched(cosines, pieces.skus, expected, sureness)
        if sureness
        else Matching(tuple(Match("unsure", None, 0.0) for _ in trays), {}, dict(expected))
    )
    told = [
        StocktakePiece(
            number=number,
            photo=one.photo,
            box=one.box,
            outcome=match.outcome,
            sku=match.sku,
            probability=round(min(1.0, match.probability), 4),
            candidates=[
                PieceCandidate(sku=each.sku, probability=round(min(1.0, each.probability), 4))
                for each in match.candidates
            ],
        )
        for number, (one, match) in enumerate(zip(trays, found.matches, strict=True))
    ]
    items = _items(found, expected)
    return Counted(told, items, words_of(told, items))


def _items(found: Matching, expected: Mapping[str, int]) -> list[StocktakeItem]:
    seen = Counter(match.sku for match in found.matches if match.sku)
    return [
        StocktakeItem(
            sku=sku,
            expected=expected.get(sku, 0),
            seen=seen[sku],
            missing=found.missing.get(sku, 0),
            unsure=found.unsure.get(sku, 0),
        )
        for sku in sorted({*expected, *seen})
    ]


def words_of(pieces: Sequence[StocktakePiece], items: Sequence[StocktakeItem]) -> str:
    """What was found, and what to do next."""
    outcomes = Counter(piece.outcome for piece in pieces)
    wanted = sum(item.expected for item in items)
    told = [f"{len(pieces)} pieces seen, {wanted} expected: {outcomes['present']} of those are there."]
    missing = [f"{item.missing} x {item.sku}" if item.missing > 1 else item.sku for item in items if item.missing]
    if missing:
        told.append(f"Missing: {_listed(missing)}.")
    astray = [piece.sku for piece in pieces if piece.outcome == "unexpected" and piece.sku]
    if astray:
        told.append(f"Lying there, though not expected: {_listed(astray)}.")
    unsure = [str(piece.number) for piece in pieces if piece.outcome == "unsure"]
    if unsure:
        told.append(
            f"Nobody is sure of piece {_listed(unsure)}: send a closer photo of each, or count by hand what it is."
        )
    elif any(item.unsure for item in items):
        told.append("Items without a picture that was indexed cannot be seen: count them by hand.")
    return " ".join([*told, "Nothing is counted until somebody confirms it."])


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _TOLD
    return ", ".join(names[:_TOLD]) + (f" and {more} more" if more > 0 else "")


def counts_of(items: Sequence[StocktakeItem], said: Sequence[CountedItem]) -> list[CountedItem]:
    """What a person's confirmation saves: what they say themselves, and else what was seen for sure."""
    by_hand = {one.sku: one.quantity for one in said}
    sure = {item.sku: item.seen for item in items if not item.unsure}
    return [CountedItem(sku=sku, quantity=count) for sku, count in sorted((sure | by_hand).items())]
