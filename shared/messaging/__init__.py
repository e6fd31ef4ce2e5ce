"""Messages between services, over Celery. All broker options, timing, retries and dead letters are in this package."""

from shared.messaging.broker import Broker, open
from shared.messaging.consumer import BundleHandlers, Consumer, Handler, Handlers, Subscription, Unit
from shared.messaging.publisher import Publisher
from shared.messaging.queue_metrics import QueueCollector
from shared.messaging.queues import QueueDepth

__all__ = [
    "Broker",
    "BundleHandlers",
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
