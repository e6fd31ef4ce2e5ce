"""The gateway's end of the shop bus, put together."""

from __future__ import annotations

from services.gateway.access import Parts
from services.gateway.originals import BUCKET, Originals, OriginalsCleaner
from services.gateway.people.block_list import BlockList
from services.gateway.settings import Settings
from services.gateway.shop_events import ShopEvents
from services.gateway.shop_intake import ShopIntake
from shared import objectstore, shopbus
from shared.database import Database


class Shops:
    """The gateway's end of the shop bus: events in, news out."""

    def __init__(
        self, settings: Settings, url: str, parts: Parts, catalogue_database: Database, block_list: BlockList
    ) -> None:
        def check() -> None:
            catalogue_database.ping()
            parts.pictures.ping()

        self.originals = Originals(objectstore.open(settings.object_store_url, BUCKET))
        self.bus = shopbus.open(url)
        events = ShopEvents.of(parts)
        self.intake = ShopIntake(self.bus, catalogue_database, events, self.originals, check, block_list)
        self.loops = [OriginalsCleaner(self.originals, catalogue_database).run, self.intake.run]
