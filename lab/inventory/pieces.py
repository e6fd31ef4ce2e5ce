"""The pieces of the made-up shop: the evaluation set's designs, with the vectors of their pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shared.contracts.models import Model


@dataclass(frozen=True, slots=True)
class Piece:
    """An item. `traits`: form, motif, number of stones, symmetry, width and price class, of which no method is told
    any but the last."""

    sku: str
    type: str
    metal: str
    stone: str
    price: float
    traits: tuple[str, ...]
    vector: tuple[float, ...]

    @property
    def form(self) -> str:
        return f"{self.type} {self.traits[0]}"

    @property
    def price_class(self) -> str:
        return f"{self.type} {self.traits[5]}"


def rendered() -> tuple[list[Piece], Model]:
    """All of them, and the shipped model, which made the vectors and says what their cosines mean."""
    from lab.models import open_model
    from lab.recommend.simulation_pieces import pieces_of_renders
    from services.embedder.manifest import SHIPPED, model_of, read_manifest

    found = pieces_of_renders(open_model(str(SHIPPED)))
    pieces = [
        Piece(one.sku, one.type, one.metal, one.stone, one.price, one.traits, tuple(map(float, one.vector)))
        for one in found
    ]
    return pieces, model_of(read_manifest(SHIPPED))


def traits_of(pieces: Sequence[Piece]) -> list[list[str]]:
    """Trait by trait, the value of each piece."""
    return [[piece.traits[at] for piece in pieces] for at in range(len(pieces[0].traits))]
