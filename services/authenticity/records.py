"""Versions of a record: each sealed, each naming the one before by its hash."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.authenticity.tables import ReferencePictureRow, ReferenceRow, VersionRow
from shared import times
from shared.contracts.comparing import View
from shared.contracts.references import (
    RECORD_TYPE,
    RecordPicture,
    ReferenceFile,
    ReferenceIn,
    ReferenceRecord,
    Sealed,
)
from shared.signing import SigningKey, canonical, seal


def keep_version(session: Session, row: ReferenceRow, pictures: Sequence[ReferencePictureRow], key: SigningKey) -> None:
    """Seal what the reference is now as its version `row.version`."""
    before = session.get(VersionRow, (row.tenant, row.reference_id, row.version - 1))
    record = ReferenceRecord(
        **ReferenceIn.model_validate(row.said).model_dump(),
        reference_id=row.reference_id,
        version=row.version,
        previous=hashlib.sha256(before.record.encode()).hexdigest() if before else None,
        registered_at=times.moment_of(row.registered_at),
        changed_at=times.moment_of(row.changed_at),
        pictures=[record_picture(picture) for picture in pictures],
    )
    document: dict[str, Any] = record.model_dump(mode="json")
    session.add(
        VersionRow(
            tenant=row.tenant,
            reference_id=row.reference_id,
            version=row.version,
            record=canonical(document).decode(),
            seal=seal(document, RECORD_TYPE, key),
        )
    )


def record_picture(row: ReferencePictureRow) -> RecordPicture:
    view: View = row.view  # type: ignore[assignment] # as it was validated when it came
    return RecordPicture(
        view=view,
        sha256=row.sha256,
        sent_sha256=row.sent_sha256,
        bytes=row.size,
        width=row.width,
        height=row.height,
    )


def file_of(session: Session, tenant: str, reference_id: str) -> ReferenceFile:
    """All versions, the newest last."""
    ours = select(VersionRow).where(VersionRow.tenant == tenant, VersionRow.reference_id == reference_id)
    rows = session.execute(ours.order_by(VersionRow.version)).scalars().all()
    return ReferenceFile(versions=[Sealed(document=orjson.loads(row.record), seal=row.seal) for row in rows])


def newest(session: Session, row: ReferenceRow) -> Sealed:
    version = session.get_one(VersionRow, (row.tenant, row.reference_id, row.version))
    return Sealed(document=orjson.loads(version.record), seal=version.seal)
