"""What the recommender does with the messages of its queue."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from services.recommender import metrics
from services.recommender.click_through import ClickThrough
from services.recommender.history import History
from services.recommender.recording import Told
from shared.contracts.messages import EventsRecorded, UserEvents
from shared.messaging import Publisher


def handle_user_events(message: UserEvents, *, history: History, clicks: ClickThrough, publisher: Publisher) -> None:
    """Keep the events that are new, and always say that the batch is recorded."""
    handle_bundle([message], history=history, clicks=clicks, publisher=publisher)


def handle_bundle(
    messages: Sequence[UserEvents], *, history: History, clicks: ClickThrough, publisher: Publisher
) -> None:
    """The same for many at once. Shops in their order: two workers that hold several never wait for each other."""
    told: dict[str, list[Told]] = defaultdict(list)
    for message in messages:
        told[message.tenant] += [Told.of(event, message.at) for event in message.events]
    for tenant in sorted(told):
        recorded = history.record_told(tenant, told[tenant])
        clicks.clicked(tenant, recorded.clicked)
        metrics.EVENTS.labels("recorded").inc(recorded.new)
        metrics.EVENTS.labels("erased").inc(recorded.late)
        metrics.EVENTS.labels("repeated").inc(len(told[tenant]) - recorded.new - recorded.late)
    for message in messages:
        publisher.publish(
            EventsRecorded(tenant=message.tenant, correlation_id=message.correlation_id, batch_id=message.batch_id)
        )
