"""References as the API shows them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.authenticity.guiding import guidance
from services.authenticity.records import record_picture
from services.authenticity.tables import ReferencePictureRow, ReferenceRow
from shared import times
from shared.contracts.comparing import Photo
from shared.contracts.references import PublicPage, Reference, ReferenceIn, ReferencePicture


def pictures_of(session: Session, row: ReferenceRow) -> list[ReferencePictureRow]:
    """In their order."""
    ours = select(ReferencePictureRow).where(
        ReferencePictureRow.tenant == row.tenant, ReferencePictureRow.reference_id == row.reference_id
    )
    return list(session.execute(ours.order_by(ReferencePictureRow.place)).scalars().all())


def shown(row: ReferenceRow, pictures: Sequence[ReferencePictureRow]) -> Reference:
    """With addresses left empty: the gateway knows them."""
    said = ReferenceIn.model_validate(row.said)
    return Reference(
        **said.model_dump(),
        reference_id=row.reference_id,
        version=row.version,
        registered_at=times.moment_of(row.registered_at),
        changed_at=times.moment_of(row.changed_at),
        pictures=[shown_picture(picture) for picture in pictures],
        guidance=guidance(said, pictures),
        public=PublicPage(public_id=row.public_id, url="", qr_url="") if row.public_id else None,
    )


def shown_picture(row: ReferencePictureRow) -> ReferencePicture:
    photo = Photo.model_validate(row.measured) if row.measured else None
    return ReferencePicture(
        **record_picture(row).model_dump(),
        codes=photo.codes if photo else [],
        read=photo.read if photo else [],
        url="",
    )
