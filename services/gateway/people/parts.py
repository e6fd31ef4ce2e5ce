"""What serves shoppers' rights, put together over a catalogue."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial

from services.gateway.originals import Originals
from services.gateway.people.block_list import BlockList
from services.gateway.people.erasures import Erasures
from services.gateway.people.exporting import Exporter
from services.gateway.people.exports import BUCKET, Exports
from services.gateway.people.keeping import Keeper, Terms, last_erasure
from services.gateway.people.receipts import Receipts
from services.gateway.people.replaying import Replaying
from services.gateway.people.sweeping import Beside, Sweeper
from services.gateway.query_photos import QueryPhotos
from services.gateway.settings import Settings
from services.gateway.upstream import Recommender
from shared import objectstore
from shared.database import Compaction, Database
from shared.messaging import Broker
from shared.service import Loop
from shared.shopbus import ShopBus


class People:
    """`loops` run in the background, with a shop's bus and its long dead letters where there are any."""

    def __init__(self, settings: Settings, database: Database, photos: QueryPhotos, wake: Callable[[], None]) -> None:
        self._settings = settings
        self._database = database
        self._photos = photos
        self._wake = wake
        self._objects = objectstore.open(settings.object_store_url, BUCKET)
        self.block_list = BlockList(settings.secret, settings.block_list_file)
        self.receipts = Receipts(settings.receipt_key, settings.secret)
        self.erasures = Erasures(database, self.block_list, self.receipts, wake)
        kept = timedelta(hours=settings.export_hours)
        self.exports = Exports(database, self.block_list, self._objects, kept)

    def loops(self, broker: Broker, bus: ShopBus | None, originals: Originals | None) -> Sequence[Loop]:
        def recommender() -> Recommender:
            return Recommender("recommender", self._settings.recommender_url, self._settings.internal_secret)

        def compact() -> None:
            self._database.compact()
            broker.compact()
            if bus:
                bus.compact()

        database, exports = self._database, self.exports
        terms = Terms(
            timedelta(days=self._settings.letter_days),
            timedelta(days=self._settings.receipt_days),
            timedelta(days=self._settings.forgotten_days),
        )
        return [
            Sweeper(database, self.erasures, Beside(exports, self._photos, bus, originals)).run,
            Exporter(database, exports, self._objects, self._photos, recommender, bus).run,
            Keeper(database, exports, terms, bus).run,
            Replaying(database, self.block_list, recommender, self._wake).run,
            Compaction(compact, partial(last_erasure, database)).run,
        ]
