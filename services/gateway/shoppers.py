"""What shoppers did, on its way to the recommender, and that all which is kept of one is to go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import uuid4

from sqlalchemy import select

from services.gateway import metrics
from services.gateway.erasing import forget
from services.gateway.impressions import Whose
from services.gateway.outbox_keys import erasure_key, events_key
from services.gateway.query_photos import QueryPhotos
from services.gateway.tables import OUTBOX, Item
from shared.contracts.messages import ErasureAsked, UserEvents
from shared.contracts.user_events import UserEvent
from shared.database import Database
from shared.observability import logs


class Shoppers:
    """`wake` is called after each commit that left a message in the outbox."""

    def __init__(self, database: Database, wake: Callable[[], None], photos: QueryPhotos) -> None:
        self._database = database
        self._wake = wake
        self._photos = photos

    def accept_events(self, tenant: str, events: Sequence[UserEvent], *, whole: bool = False) -> list[int]:
        """Keep what shoppers did, but for events of items that the shop never had: returns their places in `events`.

        `whole`: all of them or none.
        """
        skus = {event.sku for event in events if event.sku is not None}
        with self._database.read() as session:
            known = set(session.scalars(select(Item.sku).where(Item.tenant == tenant, Item.sku.in_(skus)))) | {None}
        refused = [place for place, event in enumerate(events) if event.sku not in known]
        accepted = [] if whole and refused else [event for event in events if event.sku in known]
        if accepted:
            batch = uuid4().hex
            message = UserEvents(tenant=tenant, correlation_id=logs.correlation_id(), batch_id=batch, events=accepted)
            with self._database.write() as session:
                OUTBOX.add(session, events_key(batch), message)
            self._wake()
        for event in accepted:
            if event.type == "clicked" and event.position is not None:
                metrics.CLICK_POSITION.observe(event.position)
        return refused

    def erase(self, tenant: str, whose: Whose) -> None:
        """All that is kept of a user, or of a visit, goes: here at once, at the recommender a moment later.

        What is told of them afterwards is of somebody new.
        """
        erasure = uuid4().hex
        message = ErasureAsked(
            tenant=tenant,
            correlation_id=logs.correlation_id(),
            erasure_id=erasure,
            user_id=whose.user_id,
            session_id=whose.session_id,
        )

        if whose.user_id is not None:
            self._photos.forget(tenant, whose.user_id)
        with self._database.write() as session:
            forget(session, tenant, whose)
            OUTBOX.add(session, erasure_key(erasure), message)
        self._wake()
