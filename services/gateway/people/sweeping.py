"""Takes who is being erased out of what lies beside the databases: shops' lines, long dead letters, exports."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import orjson
import structlog
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from services.gateway.erasing import forget
from services.gateway.impressions import Whose
from services.gateway.originals import Originals
from services.gateway.outbox_keys import erasure_key
from services.gateway.people.erasures import Erasures, asked_message
from services.gateway.people.exports import Exports
from services.gateway.people.finding import Named
from services.gateway.people.tables import ErasureRow
from services.gateway.query_photos import QueryPhotos
from services.gateway.tables import OUTBOX
from shared.database import Database
from shared.errors import LoupeError, Retryable
from shared.shopbus import ShopBus

_EVERY_SECONDS = 1.0
_HELD = timedelta(minutes=2)
_ASKED_AGAIN_AFTER = timedelta(minutes=1)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Beside:
    """What lies beside the database; `bus` and `originals` are None for a gateway without a shop bus."""

    exports: Exports
    photos: QueryPhotos
    bus: ShopBus | None = None
    originals: Originals | None = None


class Sweeper:
    """Each erasure is swept when it was asked for, and again when the history has answered, which ends it.

    Several gateways may do so at once: each holds the erasures that it works on.
    """

    def __init__(self, database: Database, erasures: Erasures, beside: Beside) -> None:
        self._database = database
        self._erasures = erasures
        self._beside = beside

    def run(self, stop: threading.Event) -> None:
        """Look each second until `stop` is set. Waits, and says so, while a store is away."""
        while not stop.is_set():
            try:
                while self.sweep_one() and not stop.is_set():
                    pass
            except Retryable as error:
                _log.warning("erasing_waits", detail=error.detail)
            except Exception:  # noqa: BLE001 - a fault of ours must not end the erasing of all shops
                _log.exception("erasing_failed")
            stop.wait(_EVERY_SECONDS)

    def sweep_one(self) -> bool:
        """Work on the erasure that waits longest; whether there was one."""
        now = datetime.now(UTC)
        free = or_(ErasureRow.held_until.is_(None), ErasureRow.held_until < now)
        news = or_(~ErasureRow.swept, ErasureRow.history_done, ErasureRow.asked_at < now - _ASKED_AGAIN_AFTER)
        waiting = select(ErasureRow).where(ErasureRow.done_at.is_(None), free, news).order_by(ErasureRow.asked_at)
        with self._database.read() as session:
            if session.execute(waiting.limit(1)).first() is None:
                return False
        with self._database.write() as session:
            row = session.scalars(waiting.limit(1).with_for_update(skip_locked=True)).first()
            if row is None:
                return False
            row.held_until = now + _HELD
            held = (row.erasure_id, row.tenant, Whose(row.user_id, row.session_id), row.also or [], row.asked_at)
            shopper, answered = row.shopper, row.history_done
        erasure_id, tenant, whose, also, asked_at = held
        found = self._sweep(tenant, Named(whose, tuple(also)), asked_at)
        found["exports"] += self._beside.exports.drop(tenant, shopper, asked_at)
        if whose.user_id:
            found["photos searched by"] += self._beside.photos.forget(tenant, whose.user_id)
        with self._database.write() as session:
            row = session.get(ErasureRow, erasure_id, with_for_update=True)
            if row is None or row.done_at:
                return True
            found += forget(session, tenant, whose)
            if answered:
                self._erasures.finish(session, row, found)
                return True
            row.found = dict(Counter(row.found) + found)
            row.swept = True
            row.held_until = now + _ASKED_AGAIN_AFTER if row.asked_at < now - _ASKED_AGAIN_AFTER else None
            self._ask_again(session, row, now)
        return True

    def _ask_again(self, session: Session, row: ErasureRow, now: datetime) -> None:
        """The message that asked the history died: without it this would never end."""
        key = erasure_key(row.erasure_id)
        if row.asked_at < now - _ASKED_AGAIN_AFTER and not row.history_done and not OUTBOX.holds(session, key):
            OUTBOX.add(session, key, asked_message(row))

    def _sweep(self, tenant: str, named: Named, asked_at: datetime) -> Counter[str]:
        found: Counter[str] = Counter()
        bus = self._beside.bus
        if bus is None:
            return found
        objects: set[str] = set()

        def dead(letter: bytes) -> bool:
            whole = self._whole(tenant, letter)
            if not named.is_told_of(whole or letter):
                return False
            if whole is not None:
                objects.add(str(_data_of(letter)["sha256"]))
            return True

        found["shop bus: in"] += bus.take_out(tenant, "in", named.waits_in, asked_at.timestamp())
        found["shop bus: out"] += bus.take_out(tenant, "out", named.is_told_of)
        found["shop bus: dead"] += bus.take_out(tenant, "dead", dead)
        for sha256 in objects:
            if self._beside.originals:
                self._beside.originals.drop(tenant, sha256)
                found["long dead letters"] += 1
        return found

    def _whole(self, tenant: str, letter: bytes) -> bytes | None:
        """The event of a dead letter that holds its beginning alone; None where the letter holds all there is."""
        data, originals = _data_of(letter), self._beside.originals
        original, sha256 = data.get("original"), data.get("sha256")
        if originals is None or not isinstance(original, str) or not isinstance(sha256, str):
            return None
        if len(original.encode()) == data.get("bytes"):
            return None
        with suppress(LoupeError):
            return originals.find(tenant, sha256)
        return None


def _data_of(letter: bytes) -> dict[str, object]:
    try:
        data = orjson.loads(letter)["data"]
    except (ValueError, KeyError, TypeError):
        return {}
    return data if isinstance(data, dict) else {}
