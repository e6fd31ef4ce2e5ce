"""What shoppers did, on its way to the recommender."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.gateway import metrics
from services.gateway.outbox_keys import events_key
from services.gateway.people.block_list import BlockList
from services.gateway.tables import OUTBOX, Item
from shared.contracts.messages import UserEvents
from shared.contracts.user_events import UserEvent
from shared.database import Database
from shared.observability import logs


class Shoppers:
    """`wake` is called after each commit that left a message in the outbox."""

    def __init__(self, database: Database, block_list: BlockList, wake: Callable[[], None]) -> None:
        self._database = database
        self._block_list = block_list
        self._wake = wake

    def accept_events(
        self,
        tenant: str,
        events: Sequence[UserEvent],
        *,
        whole: bool = False,
        sent_at: datetime | None = None,
        dropped: list[UserEvent] | None = None,
    ) -> list[int]:
        """Keep what shoppers did, but for events of items that the shop never had: returns their places in `events`.

        Events of who was erased after they happened, or after `sent_at`, are taken and not kept; they are put into
        `dropped`. `whole`: all of them or none.
        """
        with self._database.read() as session:
            kept = {event.id for event in self._block_list.without_late(session, tenant, events, sent_at)}
        if dropped is not None:
            dropped += [event for event in events if event.id not in kept]
        if not kept:
            return []
        skus = {event.sku for event in events if event.sku is not None and event.id in kept}
        with self._database.read() as session:
            known = set(session.scalars(select(Item.sku).where(Item.tenant == tenant, Item.sku.in_(skus)))) | {None}
        refused = [place for place, event in enumerate(events) if event.id in kept and event.sku not in known]
        accepted = [] if whole and refused else [event for event in events if event.sku in known]
        if accepted:
            with self._database.write() as session:
                # In the transaction that keeps them: somebody may be erased at this moment.
                accepted = self._block_list.without_late(session, tenant, accepted, sent_at)
                if accepted:
                    self._add(session, tenant, accepted)
            self._wake()
        for event in accepted:
            if event.type == "clicked" and event.position is not None:
                metrics.CLICK_POSITION.observe(event.position)
        return refused

    @staticmethod
    def _add(session: Session, tenant: str, events: list[UserEvent]) -> None:
        batch = uuid4().hex
        message = UserEvents(tenant=tenant, correlation_id=logs.correlation_id(), batch_id=batch, events=events)
        OUTBOX.add(session, events_key(batch), message)
