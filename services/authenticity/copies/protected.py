"""The pictures of protected designs, kept among those that are compared as long as the design is protected."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from services.authenticity.copies.consents import consenting
from services.authenticity.copies.tables import AllowedRow, LookalikeRow, WatchedRow
from services.authenticity.copies.telling import take_back
from services.authenticity.copies.watching import add_pictures, forget_pictures
from services.authenticity.tables import ReferencePictureRow, ReferenceRow
from shared.contracts.comparing import TEXT_VIEWS
from shared.database import Database

_NOT_COMPARED = (*TEXT_VIEWS, "scale")
"""Views that show no piece as a whole."""


def subject_of(reference_id: str, sha256: str) -> str:
    """By which a reference's picture is among those that are compared."""
    return f"{reference_id}/{sha256}"


def bring_up_to_date(database: Database, model_versions: Sequence[str]) -> int:
    """Watch the pictures of protected designs of the shops that consent, by each model; how many came or went."""
    with database.write() as session:
        wanted = {
            (picture.tenant, subject_of(picture.reference_id, picture.sha256), version): picture
            for picture in _protected(session)
            for version in model_versions
        }
        watched = select(WatchedRow).where(WatchedRow.reference_id.is_not(None), WatchedRow.state != "gone")
        there = {(row.tenant, row.subject, row.model_version): row for row in session.scalars(watched)}
        kept = {key[:2] for key in wanted}
        gone = {key[:2] for key in there} - kept
        for tenant, subject in gone:
            forget_pictures(session, tenant, [subject])
        new = [key for key in wanted if key not in there]
        add_pictures(
            session,
            [
                {
                    "tenant": tenant,
                    "subject": subject,
                    "model_version": version,
                    "state": "waiting",
                    "item_revision": 0,
                    "sku": None,
                    "reference_id": wanted[tenant, subject, version].reference_id,
                    "view": wanted[tenant, subject, version].view,
                    "sha256": wanted[tenant, subject, version].sha256,
                }
                for tenant, subject, version in new
            ],
        )
    return len(new) + len(gone)


def erase(database: Database, tenant: str, reference_id: str) -> None:
    """The reference is gone: so is all that was found by it, decided or not."""
    subjects = f"{reference_id}/%"
    ours = (LookalikeRow.tenant == tenant, LookalikeRow.own_subject.like(subjects))
    with database.write() as session:
        take_back(session, session.scalars(select(LookalikeRow.lookalike_id).where(*ours)).all())
        session.execute(delete(LookalikeRow).where(*ours))
        session.execute(delete(AllowedRow).where(AllowedRow.tenant == tenant, AllowedRow.own == reference_id))
        watched = (WatchedRow.tenant == tenant, WatchedRow.reference_id == reference_id)
        forget_pictures(session, tenant, session.scalars(select(WatchedRow.subject).where(*watched).distinct()).all())


def _protected(session: Session) -> Sequence[ReferencePictureRow]:
    of_design = (ReferencePictureRow.tenant == ReferenceRow.tenant) & (
        ReferencePictureRow.reference_id == ReferenceRow.reference_id
    )
    wanted = select(ReferencePictureRow).join(ReferenceRow, of_design)
    shown = ReferencePictureRow.view.not_in(_NOT_COMPARED)
    return session.scalars(wanted.where(ReferenceRow.protected, shown, ReferenceRow.tenant.in_(consenting()))).all()
