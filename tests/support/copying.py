"""Shops whose pictures are compared, by the service's own parts over a database and object stores; no broker between.

`python -m tests.support.copying URL FOLDER` looks for copies until it is killed.
"""

from __future__ import annotations

import io
import sys
import threading
import uuid
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from sqlalchemy import select

from services.authenticity.copies.consents import Consents
from services.authenticity.copies.looking import Looker, Stores
from services.authenticity.copies.queue import Queue
from services.authenticity.copies.telling import FindingsTold
from services.authenticity.copies.watching import Watching
from services.authenticity.main import MIGRATIONS
from services.authenticity.tables import OUTBOX, ReferencePictureRow, ReferenceRow
from services.embedder.fingerprint import fingerprints
from shared import database, objectstore
from shared.contracts.analysis import Analysis, Box, Piece, analysis_key, picture_key
from shared.contracts.comparing import COPY_FEATURES, CopyCheck
from shared.contracts.fields import Vector, pack_vector
from shared.contracts.internal import Analyses
from shared.contracts.lookalikes import Fingerprints, LookalikeFound, LookalikeTold
from shared.contracts.messages import ImageAnalysed, ImageRemoved, ItemChanged, ItemFields
from shared.contracts.models import Model, Models
from shared.database import Database
from tests.support.drawn_pieces import jpeg

MODEL = "model-1"
DIMENSION = 64


def look(seed: int, near: Vector | None = None, cosine: float = 0.95) -> Vector:
    """A unit vector drawn by `seed`; with `near` one of that cosine to it."""
    drawn = np.random.default_rng(seed).normal(size=DIMENSION).astype(np.float32)
    if near is None:
        return np.asarray(drawn / np.linalg.norm(drawn), np.float32)
    beside = drawn - (drawn @ near) * near
    beside /= np.linalg.norm(beside)
    return np.asarray(cosine * near + np.sqrt(1 - cosine**2) * beside, np.float32)


class LocalEyes:
    """Hashes as the embedder makes them. Pictures of the same bytes are the same, those of a near hash edited."""

    def __init__(self, looks: dict[str, Vector] | None = None) -> None:
        self.looks = looks if looks is not None else {}

    def models(self) -> Models:
        return Models(models=[Model(version=MODEL, dimension=DIMENSION, no_match_below=0.5, look_at_least=0.5)])

    def analyse(self, picture: bytes) -> Analyses:
        return Analyses(analyses=[analysis_of(picture, self.looks[sha256(picture).hexdigest()])])

    def fingerprints(self, picture: bytes, boxes: Sequence[Box]) -> Fingerprints:
        return fingerprints(picture, boxes)

    def check_copies(self, query: bytes, references: Sequence[bytes]) -> list[CopyCheck]:
        return [self._check(query, one) for one in references]

    def close(self) -> None:
        pass

    def _check(self, query: bytes, reference: bytes) -> CopyCheck:
        features = dict.fromkeys(COPY_FEATURES, 0.0)
        if query == reference:
            return CopyCheck(degree="same_picture", probability=0.99, features=features)
        bits = int(fingerprints(query, []).whole, 16) ^ int(fingerprints(reference, []).whole, 16)
        if bits.bit_count() <= 6:
            return CopyCheck(degree="edited_picture", probability=0.9, edits=["recoloured"], features=features)
        return CopyCheck(degree="none", probability=0.02, features=features)


def analysis_of(picture: bytes, vector: Vector) -> Analysis:
    width, height = Image.open(io.BytesIO(picture)).size
    piece = Piece(vector=pack_vector(vector), box=Box(x0=0.1, y0=0.1, x1=0.9, y1=0.9))
    told = {"sha256": sha256(picture).hexdigest(), "model_version": MODEL, "width": width, "height": height}
    return Analysis.model_validate(told | {"pieces": [piece]})


class Market:
    """`url`: of an empty database, or of one that another market had."""

    def __init__(self, url: str, folder: Path) -> None:
        self.database: Database = database.open(url)
        self.database.migrate(MIGRATIONS)
        self.stores = Stores(*(objectstore.open(f"file://{folder}", name) for name in BUCKETS))
        self.eyes = LocalEyes()
        self.looker = Looker(self.database, self.stores, self.eyes, lambda: None)
        self.watching = Watching(self.database, lambda: None)
        self.consents = Consents(self.database, lambda: None)
        self.queue = Queue(self.database)
        self._told = FindingsTold(self.database)

    def consent(self, *tenants: str, said: bool = True) -> None:
        for tenant in tenants:
            self.consents.put(tenant, said)

    def show(
        self, tenant: str, sku: str, picture: Image.Image | bytes, vector: Vector, revision: int = 1, image_id: str = ""
    ) -> str:
        """A shop's picture of an item was analysed; its id, a new one unless it is given."""
        data = picture if isinstance(picture, bytes) else jpeg(picture)
        seen = analysis_of(data, vector)
        self.stores.pictures.put(tenant, picture_key(seen.sha256), data)
        self.stores.analyses.put(tenant, analysis_key(seen.sha256, MODEL), seen.model_dump_json().encode())
        image_id = image_id or str(uuid.uuid4())
        told = {"tenant": tenant, "correlation_id": "c", "sku": sku, "image_id": image_id, "sha256": seen.sha256}
        self.watching.images_analysed(
            [ImageAnalysed.model_validate(told | {"item_revision": revision, "model_version": MODEL})]
        )
        return image_id

    def protect(self, tenant: str, picture: Image.Image, vector: Vector, protected: bool = True) -> str:
        """A shop registers a design; its id."""
        data, reference_id = jpeg(picture), f"ref_{uuid.uuid4().hex}"
        digest = sha256(data).hexdigest()
        self.eyes.looks[digest] = vector
        self.stores.references.put(tenant, picture_key(digest), data)
        row: dict[str, Any] = {"tenant": tenant, "reference_id": reference_id, "version": 1, "kind": "design"}
        with self.database.write() as session:
            session.add(ReferenceRow(**row, protected=protected, said={}, registered_at=0, changed_at=0))
            of_picture = {"sha256": digest, "sent_sha256": digest, "view": "front", "place": 0, "size": len(data)}
            ours = {"tenant": tenant, "reference_id": reference_id, "width": 1, "height": 1}
            session.add(ReferencePictureRow(**ours, **of_picture))
        return reference_id

    def remove(self, tenant: str, sku: str, image_id: str) -> None:
        self.watching.image_removed(ImageRemoved(tenant=tenant, correlation_id="c", sku=sku, image_id=image_id))

    def item(self, tenant: str, sku: str, revision: int, fields: ItemFields | None) -> None:
        told = ItemChanged(tenant=tenant, correlation_id="c", sku=sku, revision=revision, fields=fields)
        self.watching.items_changed([told])

    def settle(self) -> None:
        """Look at all that waits."""
        while self.looker.look():
            pass

    def alerts(self, tenant: str = "") -> list[LookalikeFound]:
        """What waits to be told, oldest first."""
        with self.database.read() as session:
            rows = session.scalars(select(OUTBOX.table.c.payload).order_by(OUTBOX.table.c.id)).all()
        found = [LookalikeFound.model_validate(row) for row in rows]
        return [one for one in found if not tenant or one.tenant == tenant]

    def tell(self) -> list[LookalikeFound]:
        """The gateway hears all that waits; what that was."""
        found = self.alerts()
        for one in found:
            self._told.told(LookalikeTold(tenant=one.tenant, correlation_id="c", lookalike_id=one.lookalike_id))
        return found

    def close(self) -> None:
        self.database.close()


BUCKETS = ("pictures", "analyses", "references")


def main() -> None:
    Market(sys.argv[1], Path(sys.argv[2])).looker.run(threading.Event())


if __name__ == "__main__":
    main()
