"""The bucket `incoming`: where pictures lie that shops put there themselves, until Loupe has taken them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import structlog
from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from services.gateway.multipart import Upload
from services.gateway.signing import Signer
from services.gateway.tables import TakenUpload, Tenant
from services.gateway.uploads import Uploads
from shared.contracts import uploads as contract
from shared.contracts.analysis import picture_key
from shared.contracts.fields import MAX_PICTURE_BYTES
from shared.database import Database
from shared.errors import LoupeError, NotFound, Permanent, Retryable
from shared.objectstore import ObjectStore

_OURS = "uploads/"
_SECONDS_TO_UPLOAD = 6 * 3_600
_KEPT = timedelta(days=1)
_AT_ONCE = 4
_SECONDS_TO_TAKE = 45.0
_log = structlog.get_logger(__name__)


class Incoming:
    """Objects below a shop's prefix. What was put to an address of ours goes as soon as it is a picture; what a shop
    put under a name of its own, and whatever nobody asked for, after a day.
    """

    def __init__(
        self, database: Database, bucket: ObjectStore, pictures: ObjectStore, uploads: Uploads, signer: Signer
    ) -> None:
        self._database = database
        self._bucket = bucket
        self._pictures = pictures
        self._uploads = uploads
        self._signer = signer

    def places(self, tenant: str, count: int) -> list[contract.Upload]:
        """Addresses to which anybody may put a picture, each its own, for six hours."""
        expires = datetime.fromtimestamp(int(time.time()) + _SECONDS_TO_UPLOAD, UTC)
        names = [uuid4().hex for _ in range(count)]
        return [
            contract.Upload(object_key=_OURS + name, url=self._url(tenant, name, expires), expires_at=expires)
            for name in names
        ]

    def put(self, tenant: str, name: str, upload: Upload) -> None:
        """What came to an address of this gateway."""
        self._bucket.put(tenant, _OURS + name, upload.file)  # type: ignore[arg-type]  # it reads and seeks

    def read(self, tenant: str, object_key: str) -> Upload:
        """An object, also for a day after it was taken; who asks closes its file. Raises `NotFound`, `TooLarge` and,
        for a key that is none, `Permanent`."""
        try:
            return Upload.of(self._bucket.get(tenant, object_key, at_most=MAX_PICTURE_BYTES))
        except NotFound:
            sha256 = self._taken_hash(tenant, object_key)
            if sha256 is not None:
                with suppress(NotFound):
                    return Upload.of(self._pictures.get(tenant, picture_key(sha256)), sha256)
            raise

    def store(
        self, tenant: str, named: Sequence[tuple[str, str]], seconds: float = _SECONDS_TO_TAKE
    ) -> list[str | LoupeError]:
        """Make pictures of objects, each with its item's SKU: the image id of each, or why it is refused.

        Those that are not reached within `seconds` are to be sent again.
        """
        until = time.monotonic() + seconds
        outcomes: list[str | LoupeError] = []
        for start in range(0, len(named), _AT_ONCE):
            some = named[start : start + _AT_ONCE]
            if outcomes and time.monotonic() > until:
                outcomes += [Retryable("There was no time left for this picture. Send it again.") for _ in some]
            else:
                outcomes += self._store(tenant, some)
        return outcomes

    def taken(self, tenant: str, objects: Mapping[str, str]) -> None:
        """These objects, by key the SHA-256 of their bytes, are pictures now."""
        ours = {key: sha256 for key, sha256 in objects.items() if key.startswith(_OURS)}
        if not ours:
            return
        now = datetime.now(UTC)
        insert = postgresql.insert if self._database.locks_rows else sqlite.insert
        with self._database.write() as session:
            for key, sha256 in sorted(ours.items()):
                row = insert(TakenUpload).values(tenant=tenant, object_key=key, sha256=sha256, taken_at=now)
                again = {"sha256": sha256, "taken_at": now}
                session.execute(row.on_conflict_do_update(index_elements=["tenant", "object_key"], set_=again))
        try:
            for key in ours:
                self._bucket.delete(tenant, key)
        except Retryable as error:  # it goes after a day
            _log.warning("taken_upload_left", detail=error.detail)

    def clean(self) -> None:
        """Delete what is older than a day."""
        with self._database.read() as session:
            tenants = session.execute(select(Tenant.tenant)).scalars().all()
        for tenant in tenants:
            for entry in self._bucket.entries(tenant):
                if _is_over(entry.put_at) and self._is_still_over(tenant, entry.key):
                    self._bucket.delete(tenant, entry.key)
                    _log.info("upload_deleted", tenant=tenant, put_at=entry.put_at.isoformat())
        with self._database.write() as session:
            session.execute(delete(TakenUpload).where(TakenUpload.taken_at < datetime.now(UTC) - _KEPT))

    def _store(self, tenant: str, named: Sequence[tuple[str, str]]) -> list[str | LoupeError]:
        outcomes: dict[int, str | LoupeError] = {}
        uploads: dict[int, Upload] = {}
        try:
            for place, (_, key) in enumerate(named):
                try:
                    uploads[place] = self.read(tenant, key)
                except Permanent as refused:
                    outcomes[place] = refused
            stored = self._uploads.store(tenant, [(named[place][0], upload) for place, upload in uploads.items()])
            outcomes |= dict(zip(uploads, stored, strict=True))
            taken = {named[place][1]: upload.sha256 for place, upload in uploads.items() if _is_id(outcomes[place])}
        finally:
            for upload in uploads.values():
                upload.file.close()
        self.taken(tenant, taken)
        return [outcomes[place] for place in range(len(named))]

    def _url(self, tenant: str, name: str, expires: datetime) -> str:
        at_store = self._bucket.upload_url(tenant, _OURS + name, _SECONDS_TO_UPLOAD)
        return at_store or self._signer.upload_url(tenant, name, int(expires.timestamp()))

    def _taken_hash(self, tenant: str, object_key: str) -> str | None:
        with self._database.read() as session:
            row = session.get(TakenUpload, (tenant, object_key))
        return row.sha256 if row else None

    def _is_still_over(self, tenant: str, key: str) -> bool:
        return any(entry.key == key and _is_over(entry.put_at) for entry in self._bucket.entries(tenant, key))


def _is_over(put_at: datetime) -> bool:
    return put_at < datetime.now(UTC) - _KEPT


def _is_id(outcome: str | LoupeError) -> bool:
    return isinstance(outcome, str)
