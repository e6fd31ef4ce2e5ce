"""Pictures that the embedder drew again: they take the place of what they were made of."""

from __future__ import annotations

from typing import Any, cast

import structlog
from sqlalchemy import CursorResult, select, update

from services.gateway.tables import Image, Tenant
from shared import objectstore
from shared.contracts.analysis import picture_key
from shared.contracts.messages import ImageRedrawn
from shared.database import Database
from shared.errors import NotFound, Retryable
from shared.objectstore import ObjectStore

BUCKET = "renditions"
_log = structlog.get_logger(__name__)


def open_renditions(url: str, database: Database, pictures: ObjectStore) -> Renditions:
    return Renditions(database, pictures, objectstore.open(url, BUCKET))


class Renditions:
    """`renditions` is the embedder's bucket. An object in it is told of by a message, and found without it too."""

    def __init__(self, database: Database, pictures: ObjectStore, renditions: ObjectStore) -> None:
        self._database = database
        self._pictures = pictures
        self._renditions = renditions

    def redrawn(self, message: ImageRedrawn) -> None:
        self._take(message.tenant, message.sha256)

    def shown(self, image: Image) -> bytes:
        """The bytes of a picture as anybody may see it.

        Raises `Retryable` while faces are looked for in it, and `NotFound` where they cannot be.
        """
        if image.veiled and not self._take(image.tenant, image.sha256) and not self._unveiled(image):
            if image.state == "rejected":
                raise NotFound("This picture was rejected before faces could be looked for, so it is not shown.")
            raise Retryable("Faces are looked for in this picture; it is shown in a moment. Try again.")
        return self._pictures.get(image.tenant, picture_key(image.sha256))

    def clean(self) -> None:
        """Take what lies there, its message lost."""
        with self._database.read() as session:
            tenants = session.execute(select(Tenant.tenant)).scalars().all()
        for tenant in tenants:
            for key in list(self._renditions.keys(tenant)):
                self._take(tenant, key)

    def _take(self, tenant: str, sha256: str) -> bool:
        """Whether there was one. The picture is in place before its rows say that it may be shown."""
        key = picture_key(sha256)
        try:
            drawn = self._renditions.get(tenant, key)
        except NotFound:
            return False
        of_picture = (Image.tenant == tenant, Image.sha256 == sha256)
        if drawn:
            with self._database.read() as session:
                live = session.execute(select(Image.image_id).where(*of_picture).limit(1)).first()
            if live:
                self._pictures.put(tenant, key, drawn)
        with self._database.write() as session:
            done = session.execute(update(Image).where(*of_picture, Image.veiled).values(veiled=False))
        self._renditions.delete(tenant, key)
        _log.info("rendition_taken", drawn=bool(drawn), unveiled=cast("CursorResult[Any]", done).rowcount)
        return True

    def _unveiled(self, image: Image) -> bool:
        """Whether another gateway has taken its rendition meanwhile."""
        with self._database.read() as session:
            veiled = session.execute(select(Image.veiled).where(Image.image_id == image.image_id)).scalar_one_or_none()
        return veiled is False
