"""What the inventory does with the messages of its queue. Each handler may run twice and in any order."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from services.inventory import ledger, metrics
from services.inventory.alerts import AlertsTold, tell_emptied_and_filled
from services.inventory.catalogue import Catalogue, revisions_of
from shared.contracts.messages import ImageAnalysed, ImageRemoved, ItemChanged
from shared.contracts.stock import AlertTold, StockLevel, StockMoved
from shared.database import Database
from shared.messaging import BundleHandlers, Handlers, Publisher


class Recorder:
    """Takes movements into the ledger. `wake` is called after each commit that left an alert in the outbox."""

    def __init__(self, database: Database, publisher: Publisher, wake: Callable[[], None]) -> None:
        self._database = database
        self._publisher = publisher
        self._wake = wake

    def stock_moved(self, message: StockMoved) -> None:
        self.many_moved([message])

    def many_moved(self, messages: Sequence[StockMoved]) -> None:
        """Record the movements that are new, in one transaction, and always say what the levels are."""
        caused_by = {(one.tenant, moved.sku): one.correlation_id for one in messages for moved in one.movements}
        with self._database.write() as session:
            recorded = ledger.record(session.connection(), messages)
            revisions = revisions_of(session.connection(), list(recorded.items))
            alerts = tell_emptied_and_filled(session, recorded.items, caused_by)
        metrics.MOVEMENTS.labels("recorded").inc(recorded.new)
        metrics.MOVEMENTS.labels("repeated").inc(recorded.known)
        for message in messages:
            skus = dict.fromkeys(movement.sku for movement in message.movements)
            self._publisher.publish(
                StockLevel(
                    tenant=message.tenant,
                    correlation_id=message.correlation_id,
                    batch_id=message.batch_id,
                    levels=[
                        recorded.items[message.tenant, sku].level(sku, revisions.get((message.tenant, sku), 0))
                        for sku in skus
                    ],
                )
            )
        if alerts:
            self._wake()


def handlers(catalogue: Catalogue, recorder: Recorder, alerts: AlertsTold) -> Handlers:
    """The messages of the queue `inventory`, each with what is done about it."""
    return {
        StockMoved: recorder.stock_moved,
        AlertTold: alerts.told,
        ItemChanged: lambda message: catalogue.items_changed([message]),
        ImageAnalysed: lambda message: catalogue.images_analysed([message]),
        ImageRemoved: catalogue.image_removed,
    }


def bundle_handlers(catalogue: Catalogue, recorder: Recorder) -> BundleHandlers:
    """The messages that come by the thousand."""
    return {
        StockMoved: recorder.many_moved,
        ItemChanged: catalogue.items_changed,
        ImageAnalysed: catalogue.images_analysed,
    }
