"""How a shop's pieces look and what is known of them, from the analyses: read once, kept beside the ledger.

An analysis is an object of kilobytes; a night's run over 50,000 pieces would read each again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from services.inventory.batching import batches
from services.inventory.catalogue import live_pictures
from services.inventory.style_tables import LookRow
from services.inventory.tables import ItemRow, PictureRow
from shared.contracts.analysis import ATTRIBUTES, Analysis, analysis_key
from shared.contracts.fields import Vector
from shared.contracts.models import Model
from shared.database import Database
from shared.errors import NotFound
from shared.objectstore import ObjectStore

_AT_ONCE = 500
_DIALECTS = {"postgresql": postgresql, "sqlite": sqlite}


@dataclass(frozen=True, slots=True)
class View:
    """A picture of a piece: of its main piece the unit vector, float32 [d], and what the model knows."""

    sku: str
    image_id: str
    vector: Vector
    known: Mapping[str, str]


@dataclass(frozen=True)
class Pieces:
    """The pieces of a shop that have a look, in order of SKU, each with all its views."""

    views: Sequence[View]

    @cached_property
    def skus(self) -> list[str]:
        return sorted({view.sku for view in self.views})

    @cached_property
    def of_view(self) -> npt.NDArray[np.int64]:
        """For each view the place of its piece in `skus`."""
        place = {sku: number for number, sku in enumerate(self.skus)}
        return np.array([place[view.sku] for view in self.views], np.int64)

    @cached_property
    def view_vectors(self) -> Vector:
        """float32 [v, d]."""
        return np.stack([view.vector for view in self.views]) if self.views else np.zeros((0, 0), np.float32)

    @cached_property
    def vectors(self) -> Vector:
        """float32 [n, d]: of each piece the middle of its views, unit length. What they agree on is of the piece."""
        if not self.views:
            return np.zeros((0, 0), np.float32)
        sums = np.zeros((len(self.skus), self.view_vectors.shape[1]), np.float32)
        np.add.at(sums, self.of_view, self.view_vectors)
        return np.asarray(sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9), np.float32)

    def best_view(self, place: int) -> View:
        """The view of a piece that is most like all of them."""
        own = np.flatnonzero(self.of_view == place)
        return self.views[int(own[np.argmax(self.view_vectors[own] @ self.vectors[place])])]

    def known(self, place: int) -> dict[str, str]:
        """Of each attribute what most of its views show."""
        own = [self.views[int(row)].known for row in np.flatnonzero(self.of_view == place)]
        found = {}
        for name in ATTRIBUTES:
            values = sorted(view[name] for view in own if name in view)
            if values:
                found[str(name)] = max(values, key=values.count)
        return found

    def cosines(self, vectors: Vector) -> npt.NDArray[np.float64]:
        """[p, n]: of each vector to the nearest view of each piece."""
        if not self.views or not len(vectors):
            return np.zeros((len(vectors), len(self.skus)))
        found = np.full((len(self.skus), len(vectors)), -1.0)
        np.maximum.at(found, self.of_view, (self.view_vectors @ vectors.T).astype(np.float64))
        return found.T


class Looks:
    """The views of each shop's live pictures, those not seen before read from the analyses."""

    def __init__(self, database: Database, analyses: ObjectStore) -> None:
        self._database = database
        self._analyses = analyses

    def model_of(self, tenant: str, loaded: Sequence[Model]) -> Model | None:
        """Of the loaded models the one that has seen most of the shop's pictures, the first of equals; None where none
        has seen any."""
        counted = select(PictureRow.model_version, func.count()).where(
            PictureRow.tenant == tenant, ~PictureRow.removed, PictureRow.model_version != ""
        )
        with self._database.read() as session:
            seen = dict(session.execute(counted.group_by(PictureRow.model_version)).all())
        known = [model for model in loaded if seen.get(model.version)]
        return max(known, key=lambda model: seen[model.version]) if known else None

    def pieces(self, tenant: str, model_version: str) -> Pieces:
        """The shop's live pieces as this model sees them. A picture whose analysis is not there is left out."""
        with self._database.read() as session:
            rows = session.connection()
            live = live_pictures(rows, tenant, model_version)
            kept = {row.image_id: (row.vector, row.known) for row in _kept(rows, tenant, model_version)}
        new = {}
        for picture in live:
            if picture.image_id not in kept and (seen := self._seen(tenant, picture.sha256, model_version)):
                new[picture.image_id] = seen
        self._keep(tenant, model_version, new, kept.keys() - {picture.image_id for picture in live})
        views = []
        for picture in live:
            packed, known = kept.get(picture.image_id) or new.get(picture.image_id) or (None, {})
            if packed is not None:
                views.append(View(picture.sku, picture.image_id, np.frombuffer(packed, np.float32), known))
        return Pieces(views)

    def _seen(self, tenant: str, sha256: str, model_version: str) -> tuple[bytes, dict[str, str]] | None:
        try:
            told = self._analyses.get(tenant, analysis_key(sha256, model_version))
        except NotFound:
            return None
        piece = Analysis.model_validate_json(told).pieces[0]
        known = {str(name): found.value for name in ATTRIBUTES if (found := getattr(piece, name))}
        return piece.embedding().astype(np.float32).tobytes(), known

    def _keep(
        self, tenant: str, model_version: str, new: Mapping[str, tuple[bytes, dict[str, str]]], gone: set[str]
    ) -> None:
        if not new and not gone:
            return
        told = [
            {"tenant": tenant, "image_id": name, "model_version": model_version, "vector": packed, "known": known}
            for name, (packed, known) in new.items()
        ]
        of_model = (LookRow.tenant == tenant, LookRow.model_version == model_version)
        with self._database.write() as session:
            rows = session.connection()
            for part in batches(told, _AT_ONCE):
                rows.execute(_DIALECTS[rows.dialect.name].insert(LookRow).on_conflict_do_nothing(), part)
            for names in batches(sorted(gone), _AT_ONCE):
                rows.execute(delete(LookRow).where(*of_model, LookRow.image_id.in_(names)))


@dataclass(frozen=True, slots=True)
class Facts:
    """What the catalogue says of a live item."""

    price: float | None
    said: Mapping[str, str]
    tags: Sequence[str]


def facts_of(rows: Connection, tenant: str) -> dict[str, Facts]:
    """Of each live item, by SKU."""
    wanted = select(ItemRow.sku, ItemRow.price, ItemRow.fields).where(ItemRow.tenant == tenant, ~ItemRow.removed)
    return {
        sku: Facts(price, fields.get("said") or {}, fields.get("tags") or ())
        for sku, price, fields in rows.execute(wanted)
    }


def _kept(rows: Connection, tenant: str, model_version: str) -> Iterator[LookRow]:
    wanted = select(LookRow.image_id, LookRow.vector, LookRow.known)
    yield from rows.execute(wanted.where(LookRow.tenant == tenant, LookRow.model_version == model_version))  # type: ignore[misc]  # rows with these names
