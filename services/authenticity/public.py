"""What anybody sees of a published reference, by its public id alone. Here alone no tenant is asked for."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.authenticity import wording
from services.authenticity.records import newest
from services.authenticity.showing import pictures_of, shown_picture
from services.authenticity.tables import ReferencePictureRow, ReferenceRow
from shared.contracts.analysis import picture_key
from shared.contracts.fields import MAX_PICTURE_BYTES
from shared.contracts.references import PublicReference
from shared.database import Database
from shared.errors import NotFound
from shared.objectstore import ObjectStore


class PublicReferences:
    """Both raise `NotFound` alike for an id that never was and for one that was taken back."""

    def __init__(self, books: Database, pictures: ObjectStore) -> None:
        self._books = books
        self._pictures = pictures

    def get(self, public_id: str) -> PublicReference:
        with self._books.read() as session:
            row = _found(session, public_id)
            return PublicReference(
                public_id=public_id,
                sealed=newest(session, row),
                pictures=[shown_picture(picture) for picture in pictures_of(session, row)],
                statement=wording.STATEMENT,
            )

    def picture(self, public_id: str, sha256: str) -> bytes:
        with self._books.read() as session:
            row = _found(session, public_id)
            if session.get(ReferencePictureRow, (row.tenant, row.reference_id, sha256)) is None:
                raise NotFound("There is no such picture.")
        return self._pictures.get(row.tenant, picture_key(sha256), at_most=MAX_PICTURE_BYTES)


def _found(session: Session, public_id: str) -> ReferenceRow:
    row = session.execute(select(ReferenceRow).where(ReferenceRow.public_id == public_id)).scalar_one_or_none()
    if row is None:
        raise NotFound("There is no published reference at this address.")
    return row
