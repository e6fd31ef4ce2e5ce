"""What the recommender does with the messages of its queue."""

from __future__ import annotations

from services.recommender import metrics
from services.recommender.history import History
from shared.contracts.messages import EventsRecorded, UserEvents
from shared.messaging import Publisher


def handle_user_events(message: UserEvents, *, history: History, publisher: Publisher) -> None:
    """Keep the events that are new, and always say that the batch is recorded."""
    recorded = history.record(message.tenant, message.events)
    metrics.EVENTS.labels("recorded").inc(recorded)
    metrics.EVENTS.labels("repeated").inc(len(message.events) - recorded)
    publisher.publish(
        EventsRecorded(tenant=message.tenant, correlation_id=message.correlation_id, batch_id=message.batch_id)
    )
