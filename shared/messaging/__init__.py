"""Messages between services, over Celery. All broker options, timing, retries and dead letters are in this package."""

from shared.messaging.broker import Broker, QueueDepth, open
from shared.messaging.consumer import Consumer, Handler, Handlers, Subscription, Unit
from shared.messaging.publisher import Publisher
from shared.messaging.queue_metrics import QueueCollector

__all__ = [
    "Broker",
    "Consumer",
    "Handler",
    "Handlers",
    "Publisher",
    "QueueCollector",
    "QueueDepth",
    "Subscription",
    "Unit",
    "open",
]
