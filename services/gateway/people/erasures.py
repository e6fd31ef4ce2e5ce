"""Erasures: asked for, looked at, and brought to their end once every store has answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from uuid import uuid4

import structlog
from sqlalchemy.orm import Session

from services.gateway.erasing import forget
from services.gateway.impressions import Whose
from services.gateway.outbox_keys import erasure_key
from services.gateway.people.block_list import BlockList
from services.gateway.people.receipts import Receipts
from services.gateway.people.tables import ErasureRow
from services.gateway.shop_news import News, tell
from services.gateway.tables import OUTBOX
from shared.contracts.messages import ErasureAsked, ShopperErased
from shared.contracts.people import Erasure
from shared.contracts.shop import UserErasedData
from shared.database import Database
from shared.errors import NotFound
from shared.observability import logs

_ISSUER = "loupe"
_log = structlog.get_logger(__name__)


class Erasures:
    """`wake` is called after each commit that left a message in the outbox."""

    def __init__(self, database: Database, block_list: BlockList, receipts: Receipts, wake: Callable[[], None]) -> None:
        self._database = database
        self._block_list = block_list
        self._receipts = receipts
        self._wake = wake

    def ask(self, tenant: str, whose: Whose, also: Sequence[str] = (), asked_by: str | None = None) -> Erasure:
        """All that is kept of a user, or of a visit, goes: in the catalogue at once, elsewhere moments later.

        What is told of them afterwards, and is of later, is of somebody new. `also`: see `ErasureIn`.
        """
        now = datetime.now(UTC)
        row = ErasureRow(
            erasure_id=f"er_{uuid4().hex}",
            tenant=tenant,
            kind="user" if whose.user_id else "session",
            shopper=self._block_list.hash_of(tenant, whose),
            asked_at=now,
            asked_by=asked_by,
            correlation_id=logs.correlation_id(),
            user_id=whose.user_id,
            session_id=whose.session_id,
            also=list(also),
            history_done=False,
            swept=False,
        )
        with self._database.write() as session:
            entry = self._block_list.note(session, tenant, whose, now)
            row.found = dict(forget(session, tenant, whose))
            session.add(row)
            OUTBOX.add(session, erasure_key(row.erasure_id), asked_message(row))
        self._block_list.write_down([entry])
        self._wake()
        _log.info("erasure_asked", erasure_id=row.erasure_id, shopper=row.shopper)
        return _shown(row)

    def get(self, tenant: str, erasure_id: str) -> Erasure:
        """Raises `NotFound`."""
        with self._database.read() as session:
            row = session.get(ErasureRow, erasure_id)
        if row is None or row.tenant != tenant:
            raise NotFound(
                f"There is no erasure {erasure_id}: it was never asked for, or its receipt was kept its time."
            )
        return _shown(row)

    def history_erased(self, message: ShopperErased) -> None:
        """The recommender has done its part. Its first answer counts: it finds nothing when it is asked again."""
        with self._database.write() as session:
            OUTBOX.close(session, erasure_key(message.erasure_id))
            row = session.get(ErasureRow, message.erasure_id, with_for_update=True)
            if row is not None and row.tenant == message.tenant and not row.history_done:
                row.history_done = True
                row.found = _sum(row.found, message.found)

    def finish(self, session: Session, row: ErasureRow, found: Counter[str]) -> None:
        """Everything is gone: sign what was found, forget the name, and tell the shop. In the caller's transaction."""
        row.found = _sum(row.found, found)
        row.done_at = datetime.now(UTC)
        row.receipt = self._receipts.sign(
            {
                "iss": _ISSUER,
                "jti": row.erasure_id,
                "iat": int(row.done_at.timestamp()),
                "tenant": row.tenant,
                "kind": row.kind,
                "shopper": row.shopper,
                "asked_at": row.asked_at,
                "done_at": row.done_at,
                "found": row.found,
            }
        )
        row.user_id = row.session_id = row.also = row.held_until = None
        data = UserErasedData(
            erasure_id=row.erasure_id,
            shopper=row.shopper,
            asked_by=row.asked_by,
            found=row.found,
            receipt=row.receipt,
        )
        tell(session, [News(row.tenant, data, row.erasure_id, row.correlation_id)])
        _log.info("shopper_erased", erasure_id=row.erasure_id, shopper=row.shopper, found=row.found)


def asked_message(row: ErasureRow) -> ErasureAsked:
    """What the recommender is told."""
    return ErasureAsked(
        tenant=row.tenant,
        correlation_id=row.correlation_id,
        at=row.asked_at,
        erasure_id=row.erasure_id,
        user_id=row.user_id,
        session_id=row.session_id,
    )


def _sum(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    return dict(sorted((Counter(one) + Counter(other)).items()))


def _shown(row: ErasureRow) -> Erasure:
    return Erasure(
        erasure_id=row.erasure_id,
        kind="user" if row.kind == "user" else "session",
        shopper=row.shopper,
        state="done" if row.done_at else "running",
        asked_at=row.asked_at,
        done_at=row.done_at,
        found=row.found,
        receipt=row.receipt,
    )
