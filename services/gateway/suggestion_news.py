"""Shops that asked for it hear when what is suggested to a shopper is another list: at most once a minute of each."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import structlog
from sqlalchemy import or_, select, text
from sqlalchemy.orm import Session

from services.gateway.erasing import shopper_key
from services.gateway.impressions import Whose
from services.gateway.shop_news import News, tell
from services.gateway.tables import OUTBOX, SuggestionNews, Tenant
from services.gateway.webhooks.deliveries import has_webhooks
from shared.contracts.shop import SuggestionsChangedData
from shared.database import Database
from shared.errors import Retryable

_EVERY = timedelta(minutes=1)
_LOOKED_EVERY_SECONDS = 1.0
_BATCH = 500
_log = structlog.get_logger(__name__)
_CHANGED = text(
    "INSERT INTO suggestion_news (tenant, shopper, changed) VALUES (:tenant, :shopper, true) "
    "ON CONFLICT (tenant, shopper) DO UPDATE SET changed = true"
)


def note_changed(session: Session, tenant: str, batch_key: str) -> None:
    """The acts of an outbox row that is about to be closed were recorded: if the shop asked, it is to hear of whose."""
    asked = session.scalar(select(Tenant.suggestions_changed).where(Tenant.tenant == tenant))
    if not asked and not has_webhooks(session, {tenant}, SuggestionsChangedData.event_type):
        return
    payload = session.scalar(select(OUTBOX.table.c.payload).where(OUTBOX.table.c.key == batch_key))
    if payload:
        shoppers = {shopper_key(Whose(one.get("user_id"), one.get("session_id"))) for one in payload["events"]}
        rows = [{"tenant": tenant, "shopper": shopper} for shopper in sorted(shoppers)]
        session.connection().execute(_CHANGED, rows)


class SuggestionNewsTeller:
    """Tells of whom `note_changed` noted. What changes within a minute of being told is told when it is over."""

    def __init__(self, database: Database, every: timedelta = _EVERY) -> None:
        self._database = database
        self._every = every

    def run(self, stop: threading.Event) -> None:
        """Look each second until `stop` is set."""
        while not stop.is_set():
            try:
                while self.tell_due() == _BATCH and not stop.is_set():
                    pass
            except Retryable as error:
                _log.warning("suggestion_news_waits", detail=error.detail)
            stop.wait(_LOOKED_EVERY_SECONDS)

    def tell_due(self) -> int:
        """Tell of up to 500 shoppers; of how many."""
        now = datetime.now(UTC)
        over = or_(SuggestionNews.told_at.is_(None), SuggestionNews.told_at <= now - self._every)
        due = select(SuggestionNews).where(over).order_by(SuggestionNews.tenant, SuggestionNews.shopper).limit(_BATCH)
        with self._database.read() as session:
            if session.execute(due.limit(1)).first() is None:
                return 0
        with self._database.write() as session:
            rows = session.execute(due.with_for_update(skip_locked=True)).scalars().all()
            tell(session, [_news(row.tenant, row.shopper) for row in rows if row.changed])
            for row in rows:
                if row.changed:
                    row.changed, row.told_at = False, now
                else:  # nothing happened for a minute after it was told
                    session.delete(row)
        return len(rows)


def _news(tenant: str, shopper: str) -> News:
    kind, _, name = shopper.partition(":")
    data = SuggestionsChangedData(**{"user_id" if kind == "u" else "session_id": name})
    return News(tenant, data, uuid4().hex, uuid4().hex)
