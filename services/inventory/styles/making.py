"""A shop's styles, made of all its pieces: grouped, matched with those of the run before, named, and kept."""

from __future__ import annotations

from collections.abc import Callable

from services.inventory.looks import Looks, Pieces, facts_of
from services.inventory.styles.grouping import neighbours
from services.inventory.styles.keeping import keep, styles_before
from services.inventory.styles.seen import Seen, made_of, similarity
from shared.contracts.models import Models
from shared.database import Database

NEIGHBOURS = 20
"""Of a piece, kept for whoever wants to know how pieces like it sell."""


class StyleMaker:
    """Makes the styles of one shop at a time. `models` are those that are loaded, the one used in doubt first."""

    def __init__(self, database: Database, looks: Looks, models: Callable[[], Models]) -> None:
        self._database = database
        self._looks = looks
        self._models = models

    def make(self, tenant: str) -> int:
        """Make and keep them; how many pieces were looked at. Raises `Retryable` where something cannot be reached."""
        model = self._looks.model_of(tenant, self._models().models)
        pieces = self._looks.pieces(tenant, model.version) if model else Pieces([])
        with self._database.read() as session:
            rows = session.connection()
            facts = facts_of(rows, tenant)
            before = styles_before(rows, tenant)
        said = [facts[sku].said if sku in facts else {} for sku in pieces.skus]
        seen = Seen(pieces, [pieces.known(place) | dict(told) for place, told in enumerate(said)], facts)
        similar = similarity(model)
        made = made_of(seen, before, similar)
        near = neighbours(pieces.vectors, pieces.vectors, NEIGHBOURS + 1, similar)
        with self._database.write() as session:
            keep(session.connection(), tenant, seen, made, near)
        return len(pieces.skus)
