"""What the gateway does with the messages of the inventory."""

from __future__ import annotations

from collections.abc import Callable

from services.gateway.inventory.alerts import Alerts
from services.gateway.inventory.levels import Levels
from shared.contracts.stock import StockAlert, StockLevel
from shared.database import Database
from shared.messaging import Handlers, Publisher


def handlers_of_stock(database: Database, publisher: Publisher, wake: Callable[[], None]) -> Handlers:
    """`wake` is called after each commit that left a message in the outbox."""
    return {StockLevel: Levels(database, wake).take_over, StockAlert: Alerts(database, publisher).tell}
