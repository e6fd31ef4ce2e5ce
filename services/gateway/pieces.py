"""The pieces of a picture, as the API shows them and as a search goes by one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shared.contracts.analysis import ATTRIBUTES, Analysis, Attribute, AttributeName, Knowledge
from shared.errors import InvalidInput


def pieces_of(analysis: Analysis, corrected: Mapping[str, str] | None = None) -> list[Knowledge]:
    """What is known of each piece, the main one first, which is the one that a merchant's corrections are of."""
    main, *others = (Knowledge(**piece.model_dump(exclude={"vector", "features"})) for piece in analysis.pieces)
    said = {name: Attribute(value=value, confidence=1) for name, value in (corrected or {}).items()}
    return [main.model_copy(update=said), *others]


def values_of(piece: Knowledge) -> dict[AttributeName, str]:
    """What is known of the piece, without how sure it is."""
    return {name: known.value for name in ATTRIBUTES if (known := getattr(piece, name))}


def vectors_of(analyses: Sequence[Analysis], number: int, path: str = "query.piece") -> dict[str, str]:
    """The vector of a piece by each model, `number` being that of the first analysis.

    Other models may see other pieces: of theirs it is the one whose box overlaps most with it.

    Raises `InvalidInput` when there is no such piece; `path` is where it was named.
    """
    first, *others = analyses
    if number >= len(first.pieces):
        told = (
            f"There is no piece {number} in this photo: they are numbered from 0 to {len(first.pieces) - 1}. "
            "Take a number from `pieces` of an answer to the same photo, or send a box."
        )
        raise InvalidInput(told, errors=[{"path": path, "message": told}])
    wanted = first.pieces[number]
    alike = {each.model_version: max(each.pieces, key=lambda one: one.box.overlap(wanted.box)) for each in others}
    return {first.model_version: wanted.vector} | {version: piece.vector for version, piece in alike.items()}
