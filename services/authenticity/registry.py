"""References: registered, changed, published and erased by their owners. The tenant is the first argument of all."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import delete, func, select, tuple_
from sqlalchemy.orm import Session

from services.authenticity.comparing import Comparing
from services.authenticity.measuring import Measured, measure, packed
from services.authenticity.records import file_of, keep_version
from services.authenticity.showing import pictures_of, shown
from services.authenticity.tables import ReferencePictureRow, ReferenceRow, VersionRow
from shared import times
from shared.contracts.analysis import picture_key
from shared.contracts.fields import MAX_PICTURE_BYTES
from shared.contracts.references import (
    MAX_REFERENCE_PICTURES,
    PicturesAsked,
    RecordPicture,
    Reference,
    ReferenceAsked,
    ReferenceFile,
    ReferenceIn,
    ReferencePage,
    ReferencePatch,
    ReferencesKept,
)
from shared.database import Database
from shared.errors import Conflict, InvalidInput, NotFound
from shared.objectstore import ObjectStore
from shared.signing import SigningKey

Erased = Callable[[str, str], None]
"""Told of a tenant and a reference that are gone."""


class Registry:
    """`pictures` is the bucket `references`, which this service alone writes."""

    def __init__(
        self,
        books: Database,
        pictures: ObjectStore,
        comparing: Comparing,
        key: SigningKey,
        erased: Sequence[Erased] = (),
    ) -> None:
        self._books = books
        self._pictures = pictures
        self._comparing = comparing
        self._key = key
        self._erased = erased

    def register(self, asked: ReferenceAsked, files: Sequence[bytes]) -> Reference:
        """`files` in the order of `asked.pictures`. Raises `InvalidInput` for pictures that are not those named."""
        measured = self._measured(asked.pictures, files)
        now = times.now()
        row = ReferenceRow(
            tenant=asked.tenant,
            reference_id=f"ref_{uuid.uuid4().hex}",
            version=1,
            kind=asked.said.kind,
            sku=asked.said.sku,
            protected=asked.said.protected,
            said=asked.said.model_dump(mode="json"),
            registered_at=now,
            changed_at=now,
        )
        self._store(asked.tenant, asked.pictures, files)
        with self._books.write() as session:
            session.add(row)
            pictures = _rows(row, asked.pictures, measured, 0)
            session.add_all(pictures)
            keep_version(session, row, pictures, self._key)
            return shown(row, pictures)

    def get(self, tenant: str, reference_id: str) -> Reference:
        with self._books.read() as session:
            row = found(session, tenant, reference_id)
            return shown(row, pictures_of(session, row))

    def page(self, tenant: str, limit: int, after: str | None = None, sku: str | None = None) -> ReferencePage:
        """The newest first, those before a place; `next_cursor` is the place of the last one."""
        wanted = select(ReferenceRow).where(ReferenceRow.tenant == tenant)
        if sku is not None:
            wanted = wanted.where(ReferenceRow.sku == sku)
        if after is not None:
            at, _, reference_id = after.partition(":")
            wanted = wanted.where(
                tuple_(ReferenceRow.registered_at, ReferenceRow.reference_id) < (int(at), reference_id)
            )
        newest = wanted.order_by(ReferenceRow.registered_at.desc(), ReferenceRow.reference_id.desc()).limit(limit)
        with self._books.read() as session:
            rows = session.execute(newest).scalars().all()
            references = [shown(row, pictures_of(session, row)) for row in rows]
        last = f"{rows[-1].registered_at}:{rows[-1].reference_id}" if len(rows) == limit else None
        return ReferencePage(references=references, next_cursor=last)

    def kept(self, tenant: str) -> ReferencesKept:
        row = ReferencePictureRow
        sums = select(func.count(), func.coalesce(func.sum(row.size), 0)).where(row.tenant == tenant)
        with self._books.read() as session:
            pictures, size = session.execute(sums).one()
        return ReferencesKept(pictures=pictures, bytes=int(size))

    def change(self, tenant: str, reference_id: str, said: dict[str, Any]) -> Reference:
        """A new version by what a `ReferencePatch` says; what it leaves out stays. Nothing new is no new version."""
        patch = ReferencePatch.model_validate(said).model_dump(mode="json", exclude_unset=True)
        with self._books.write() as session:
            row = self._locked(session, tenant, reference_id)
            pictures = pictures_of(session, row)
            now = ReferenceIn.model_validate(row.said | patch)
            if now.model_dump(mode="json") != row.said:
                row.said = now.model_dump(mode="json")
                row.kind, row.sku, row.protected = now.kind, now.sku, now.protected
                self._renew(session, row, pictures)
            return shown(row, pictures)

    def add_pictures(self, reference_id: str, asked: PicturesAsked, files: Sequence[bytes]) -> Reference:
        """A new version with more pictures; those that it has already change nothing. Raises `Conflict` over 8."""
        with self._books.read() as session:
            found(session, asked.tenant, reference_id)
        measured = self._measured(asked.pictures, files)
        self._store(asked.tenant, asked.pictures, files)
        with self._books.write() as session:
            row = self._locked(session, asked.tenant, reference_id)
            pictures = pictures_of(session, row)
            there = {picture.sha256 for picture in pictures}
            new = [one for one, told in enumerate(asked.pictures) if told.sha256 not in there]
            if len(pictures) + len(new) > MAX_REFERENCE_PICTURES:
                raise Conflict(f"A reference has up to {MAX_REFERENCE_PICTURES} pictures. Take one away first.")
            if new:
                start = max((picture.place for picture in pictures), default=-1) + 1
                named, seen = [asked.pictures[one] for one in new], [measured[one] for one in new]
                added = _rows(row, named, seen, start)
                session.add_all(added)
                pictures = [*pictures, *added]
                self._renew(session, row, pictures)
            return shown(row, pictures)

    def remove_picture(self, tenant: str, reference_id: str, sha256: str) -> Reference:
        """A new version without it; its bytes are erased. Raises `Conflict` for the only picture."""
        with self._books.write() as session:
            row = self._locked(session, tenant, reference_id)
            pictures = pictures_of(session, row)
            left = [picture for picture in pictures if picture.sha256 != sha256]
            if len(left) == len(pictures):
                raise NotFound("The reference has no such picture.")
            if not left:
                raise Conflict(
                    "It is the only picture of the reference. Add another one first, or erase the reference."
                )
            session.execute(_of(ReferencePictureRow, tenant, reference_id).where(ReferencePictureRow.sha256 == sha256))
            self._renew(session, row, left)
            told = shown(row, left)
        self._erase_bytes(tenant, [sha256])
        return told

    def publish(self, tenant: str, reference_id: str) -> Reference:
        """Give it a public id, or leave it the one that it has."""
        with self._books.write() as session:
            row = self._locked(session, tenant, reference_id)
            row.public_id = row.public_id or secrets.token_urlsafe(24)
            return shown(row, pictures_of(session, row))

    def unpublish(self, tenant: str, reference_id: str) -> Reference:
        """From now on nobody finds it; published again, it has another id."""
        with self._books.write() as session:
            row = self._locked(session, tenant, reference_id)
            row.public_id = None
            return shown(row, pictures_of(session, row))

    def erase(self, tenant: str, reference_id: str) -> None:
        """The record with all its versions, its pictures, and what hangs on them. Raises `NotFound`."""
        with self._books.write() as session:
            row = self._locked(session, tenant, reference_id)
            hashes = [picture.sha256 for picture in pictures_of(session, row)]
            for table in (ReferencePictureRow, VersionRow, ReferenceRow):
                session.execute(_of(table, tenant, reference_id))
        self._erase_bytes(tenant, hashes)
        for told in self._erased:
            told(tenant, reference_id)

    def file(self, tenant: str, reference_id: str) -> ReferenceFile:
        with self._books.read() as session:
            found(session, tenant, reference_id)
            return file_of(session, tenant, reference_id)

    def picture(self, tenant: str, reference_id: str, sha256: str) -> bytes:
        with self._books.read() as session:
            if session.get(ReferencePictureRow, (tenant, reference_id, sha256)) is None:
                raise NotFound("The reference has no such picture.")
        return self._pictures.get(tenant, picture_key(sha256), at_most=MAX_PICTURE_BYTES)

    def _measured(self, named: Sequence[RecordPicture], files: Sequence[bytes]) -> list[Measured]:
        if [hashlib.sha256(data).hexdigest() for data in files] != [one.sha256 for one in named]:
            raise InvalidInput("The pictures are not those that were named.")
        if len({one.sha256 for one in named}) < len(named):
            raise InvalidInput(
                "One picture is there twice. Send each once.", errors=[{"path": "image", "message": "sent twice"}]
            )
        return [measure(self._comparing, data, one.view) for one, data in zip(named, files, strict=True)]

    def _store(self, tenant: str, named: Sequence[RecordPicture], files: Sequence[bytes]) -> None:
        for one, data in zip(named, files, strict=True):
            self._pictures.put(tenant, picture_key(one.sha256), data)

    def _renew(self, session: Session, row: ReferenceRow, pictures: Sequence[ReferencePictureRow]) -> None:
        row.version += 1
        row.changed_at = max(times.now(), row.changed_at)
        session.flush()
        keep_version(session, row, pictures, self._key)

    def _locked(self, session: Session, tenant: str, reference_id: str) -> ReferenceRow:
        """The row, for this transaction alone."""
        wanted = select(ReferenceRow).where(ReferenceRow.tenant == tenant, ReferenceRow.reference_id == reference_id)
        row = session.execute(wanted.with_for_update()).scalar_one_or_none()
        return row or _missing(reference_id)

    def _erase_bytes(self, tenant: str, hashes: Sequence[str]) -> None:
        for sha256 in hashes:
            used = select(ReferencePictureRow.sha256).where(
                ReferencePictureRow.tenant == tenant, ReferencePictureRow.sha256 == sha256
            )
            with self._books.read() as session:
                if session.execute(used.limit(1)).first():
                    continue
            self._pictures.delete(tenant, picture_key(sha256))


def found(session: Session, tenant: str, reference_id: str) -> ReferenceRow:
    """Raises `NotFound` for what is no reference of this tenant, whoever else has it."""
    return session.get(ReferenceRow, (tenant, reference_id)) or _missing(reference_id)


def _missing(reference_id: str) -> Any:
    raise NotFound(f"There is no reference {reference_id} in this shop.")


def _of(table: Any, tenant: str, reference_id: str) -> Any:
    return delete(table).where(table.tenant == tenant, table.reference_id == reference_id)


def _rows(
    of: ReferenceRow, named: Sequence[RecordPicture], measured: Sequence[Measured], start: int
) -> list[ReferencePictureRow]:
    return [
        ReferencePictureRow(
            tenant=of.tenant,
            reference_id=of.reference_id,
            sha256=told.sha256,
            place=start + number,
            view=told.view,
            sent_sha256=told.sent_sha256,
            size=told.bytes,
            width=told.width,
            height=told.height,
            measured=seen.photo.model_dump(mode="json"),
            model_version=seen.model_version,
            vector=packed(seen.vector),
        )
        for number, (told, seen) in enumerate(zip(named, measured, strict=True))
    ]
