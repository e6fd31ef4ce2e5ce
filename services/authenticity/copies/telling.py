"""What was found, on its way to the shop: in the outbox until the gateway has kept it for the shop bus and webhooks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.authenticity.copies.tables import LookalikeRow
from services.authenticity.tables import OUTBOX
from shared import times
from shared.contracts.comparing import EditCode
from shared.contracts.lookalikes import CopySide, Degree, Evidence, LookalikeFound, LookalikeTold, OtherSide
from shared.database import Database
from shared.observability import logs


def found_key(lookalike_id: str) -> str:
    """By which the alert is in the outbox."""
    return f"lookalike.found:{lookalike_id}"


def tell(session: Session, row: LookalikeRow) -> None:
    """Have the shop hear of it, once the caller's transaction is committed."""
    message = LookalikeFound(
        tenant=row.tenant,
        correlation_id=logs.correlation_id(),
        lookalike_id=row.lookalike_id,
        degree=cast(Degree, row.degree),
        evidence=cast(Evidence, row.evidence),
        score=row.score,
        edits=cast(list[EditCode], row.edits),
        own=CopySide.model_validate(row.own),
        other=OtherSide.model_validate(row.other),
        found_at=times.moment_of(row.found_at),
    )
    OUTBOX.add(session, found_key(row.lookalike_id), message)


def take_back(session: Session, lookalike_ids: Sequence[str]) -> list[str]:
    """What has not been told yet is told no more; which those were."""
    keys = {found_key(one): one for one in lookalike_ids}
    waiting = session.scalars(select(OUTBOX.table.c.key).where(OUTBOX.table.c.key.in_(list(keys)))).all()
    if waiting:
        OUTBOX.close(session, *waiting)
    return [keys[key] for key in waiting]


class FindingsTold:
    """Takes what the gateway answers to a finding."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def told(self, message: LookalikeTold) -> None:
        with self._database.write() as session:
            OUTBOX.close(session, found_key(message.lookalike_id))
