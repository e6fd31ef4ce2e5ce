"""Verifications, kept for a while: the sealed answer, and its pictures in the bucket `verifications`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, select, tuple_

from services.authenticity.tables import VerificationRow
from shared import times
from shared.contracts.fields import MAX_PICTURE_BYTES
from shared.contracts.references import Sealed
from shared.contracts.verifying import REPORT_TYPE, Verification, VerificationPage
from shared.database import Database
from shared.errors import NotFound
from shared.objectstore import ObjectStore
from shared.signing import SigningKey, seal

_AT_ONCE = 200


class Kept:
    """The tenant is the first argument of all but `clean`."""

    def __init__(self, books: Database, pictures: ObjectStore, key: SigningKey) -> None:
        self._books = books
        self._pictures = pictures
        self._key = key

    def keep(self, tenant: str, made: Verification, pictures: Mapping[str, bytes]) -> None:
        """`pictures` by their names. They are there before the row is."""
        for name, data in pictures.items():
            self._pictures.put(tenant, _place(made.verification_id, name), data)
        document = _document(made)
        with self._books.write() as session:
            session.add(
                VerificationRow(
                    tenant=tenant,
                    verification_id=made.verification_id,
                    reference_id=made.reference_id,
                    created_at=times.number_of(made.created_at),
                    expires_at=times.number_of(made.expires_at),
                    answer=document,
                    seal=seal(document, REPORT_TYPE, self._key),
                )
            )

    def get(self, tenant: str, verification_id: str) -> Verification:
        return _shown(self._row(tenant, verification_id).answer)

    def page(self, tenant: str, limit: int, after: str | None = None) -> VerificationPage:
        """The newest first, those before a place; `next_cursor` is the place of the last one."""
        row = VerificationRow
        wanted = select(row).where(row.tenant == tenant, row.expires_at > times.now())
        if after is not None:
            at, _, verification_id = after.partition(":")
            wanted = wanted.where(tuple_(row.created_at, row.verification_id) < (int(at), verification_id))
        newest = wanted.order_by(row.created_at.desc(), row.verification_id.desc()).limit(limit)
        with self._books.read() as session:
            rows = session.execute(newest).scalars().all()
        last = f"{rows[-1].created_at}:{rows[-1].verification_id}" if len(rows) == limit else None
        return VerificationPage(verifications=[_shown(one.answer) for one in rows], next_cursor=last)

    def report(self, tenant: str, verification_id: str) -> Sealed:
        """What was sealed when it was made."""
        row = self._row(tenant, verification_id)
        return Sealed(document=row.answer, seal=row.seal)

    def picture(self, tenant: str, verification_id: str, name: str) -> bytes:
        """Raises `NotFound` for one that never was, and for one that went with its reference."""
        self._row(tenant, verification_id)
        return self._pictures.get(tenant, _place(verification_id, name), at_most=MAX_PICTURE_BYTES)

    def erase(self, tenant: str, verification_id: str) -> None:
        self._row(tenant, verification_id)
        self._erase([(tenant, verification_id)])

    def reference_erased(self, tenant: str, reference_id: str) -> None:
        """The verifications against it go with it: their pictures show its pictures."""
        ours = select(VerificationRow.tenant, VerificationRow.verification_id).where(
            VerificationRow.tenant == tenant, VerificationRow.reference_id == reference_id
        )
        with self._books.read() as session:
            found = [(one.tenant, one.verification_id) for one in session.execute(ours)]
        self._erase(found)

    def clean(self) -> int:
        """Erase what is over; how many there were."""
        over = select(VerificationRow.tenant, VerificationRow.verification_id).where(
            VerificationRow.expires_at <= times.now()
        )
        with self._books.read() as session:
            found = [(one.tenant, one.verification_id) for one in session.execute(over.limit(_AT_ONCE))]
        self._erase(found)
        return len(found)

    def _row(self, tenant: str, verification_id: str) -> VerificationRow:
        with self._books.read() as session:
            row = session.get(VerificationRow, (tenant, verification_id))
        if row is None or row.expires_at <= times.now():
            raise NotFound(f"There is no verification {verification_id} in this shop, or it is over.")
        return row

    def _erase(self, found: list[tuple[str, str]]) -> None:
        """Pictures first: a row that is left is erased again."""
        for tenant, verification_id in found:
            for key in list(self._pictures.keys(tenant, f"{verification_id}/")):
                self._pictures.delete(tenant, key)
            with self._books.write() as session:
                session.execute(
                    delete(VerificationRow).where(
                        VerificationRow.tenant == tenant, VerificationRow.verification_id == verification_id
                    )
                )


def _document(made: Verification) -> dict[str, Any]:
    """What is sealed: without addresses, which change."""
    document = made.model_dump(mode="json")
    for picture in document["pictures"]:
        del picture["url"]
    return document


def _shown(document: dict[str, Any]) -> Verification:
    """With addresses left empty: the gateway knows them."""
    pictures = [{**picture, "url": ""} for picture in document["pictures"]]
    return Verification.model_validate({**document, "pictures": pictures})


def _place(verification_id: str, name: str) -> str:
    return f"{verification_id}/{name}.jpg"
