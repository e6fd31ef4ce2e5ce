"""A shop's pieces with made-up looks, in the inventory's database and beside it: items, pictures and their analyses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from services.inventory import main
from services.inventory.catalogue import Catalogue
from services.inventory.looks import Looks
from services.inventory.styles.making import StyleMaker
from services.inventory.styles.telling import Telling
from services.inventory.styles.turns import Turns
from shared import database, objectstore
from shared.contracts.analysis import Analysis, Attribute, Piece, TrayAnalysis, analysis_key
from shared.contracts.fields import Vector, pack_vector
from shared.contracts.internal import Analyses, TrayAnalyses
from shared.contracts.messages import ImageAnalysed, ImageRemoved, ItemChanged, ItemFields
from shared.contracts.models import Model, Models, Probability, Sameness
from shared.database import Database
from shared.objectstore import ObjectStore

SIDE = 24
MODEL = Model(
    version="looks-1",
    dimension=SIDE,
    no_match_below=0.5,
    look_at_least=0.4,
    same=Sameness(slope=16, offset=-11),
    style=Probability(slope=20, offset=-12),
)
CREATED = datetime(2026, 5, 1, tzinfo=UTC)


def unit(vector: Vector) -> Vector:
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


def about(direction: int, seed: int, spread: float = 0.25) -> Vector:
    """A look near one of `SIDE` directions."""
    noise = np.random.default_rng([direction, seed]).standard_normal(SIDE)
    middle = np.zeros(SIDE)
    middle[direction] = 1
    return unit(np.asarray(middle + spread * noise / np.sqrt(SIDE), np.float32))


@dataclass
class LookedAt:
    """The parts of an inventory that see pieces, over one database and object store."""

    books: Database
    analyses: ObjectStore
    catalogue: Catalogue
    looks: Looks
    maker: StyleMaker
    telling: Telling
    turns: Turns

    def piece(self, tenant: str, sku: str, look: Vector, price: float = 900, revision: int = 1, **known: str) -> str:
        """Put an item with one picture, which shows `known`; the id of the picture."""
        self.item(tenant, sku, price, revision)
        return self.pictured(tenant, sku, look, revision, **known)

    def pictured(self, tenant: str, sku: str, look: Vector, revision: int = 1, **known: str) -> str:
        """A picture of an item that is there, analysed."""
        number = int.from_bytes(f"{tenant}/{sku}/{revision}".encode()[-8:], "big")
        image_id, sha256 = f"{number:032x}-000", f"{number:064x}"
        piece = Piece(
            vector=pack_vector(look),
            **{name: Attribute(value=value, confidence=0.9) for name, value in known.items()},
        )
        analysis = Analysis(sha256=sha256, model_version=MODEL.version, width=9, height=9, pieces=[piece])
        self.analyses.put(tenant, analysis_key(sha256, MODEL.version), analysis.model_dump_json().encode())
        told = ImageAnalysed(
            tenant=tenant,
            correlation_id="test",
            sku=sku,
            image_id=image_id,
            sha256=sha256,
            item_revision=revision,
            model_version=MODEL.version,
        )
        self.catalogue.images_analysed([told])
        return image_id

    def item(self, tenant: str, sku: str, price: float = 900, revision: int = 1) -> None:
        fields = ItemFields(title=sku, price=price, currency="EUR", tags=["Gift"], created_at=CREATED)
        self._changed(tenant, sku, revision, fields)

    def remove(self, tenant: str, sku: str, revision: int = 2) -> None:
        self._changed(tenant, sku, revision, None)

    def remove_picture(self, tenant: str, sku: str, image_id: str) -> None:
        self.catalogue.image_removed(ImageRemoved(tenant=tenant, correlation_id="test", sku=sku, image_id=image_id))

    def _changed(self, tenant: str, sku: str, revision: int, fields: ItemFields | None) -> None:
        told = ItemChanged(tenant=tenant, correlation_id="test", sku=sku, revision=revision, fields=fields)
        self.catalogue.items_changed([told])


@contextmanager
def looked_at(url: str, folder: Path) -> Iterator[LookedAt]:
    books = database.open(url)
    books.migrate(main.MIGRATIONS)
    analyses = objectstore.open(f"file://{folder}", "analyses")
    yield looks_of(books, analyses)
    books.close()


def looks_of(books: Database, analyses: ObjectStore) -> LookedAt:
    """The parts over a database and an object store that others opened."""
    looks = Looks(books, analyses)
    maker = StyleMaker(books, looks, lambda: Models(models=[MODEL]))
    return LookedAt(books, analyses, Catalogue(books), looks, maker, Telling(books), Turns(books))


def photo_of(look: Vector) -> Analyses:
    """What the embedder tells of a photo of one piece."""
    piece = Piece(vector=pack_vector(look))
    of = Analysis(sha256="0" * 64, model_version=MODEL.version, width=90, height=60, pieces=[piece])
    return Analyses(analyses=[of])


def tray_of(*looks: Vector, version: str = MODEL.version) -> TrayAnalyses:
    """What the embedder tells of a photo with these pieces."""
    pieces = [Piece(vector=pack_vector(look)) for look in looks]
    return TrayAnalyses(analyses=[TrayAnalysis(model_version=version, width=90, height=60, pieces=pieces)])
