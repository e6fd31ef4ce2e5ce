"""What the inventory finds worth a word, told to shops."""

from __future__ import annotations

from services.gateway.shop_news import News, tell
from shared.contracts.shop import StockAlertData
from shared.contracts.stock import AlertTold, StockAlert
from shared.database import Database
from shared.messaging import Publisher


class Alerts:
    def __init__(self, database: Database, publisher: Publisher) -> None:
        self._database = database
        self._publisher = publisher

    def tell(self, message: StockAlert) -> None:
        """Of one that comes again the shop hears again, by the same id of the event."""
        data = StockAlertData.model_validate(message.model_dump(), extra="ignore")
        with self._database.write() as session:
            tell(session, [News(message.tenant, data, message.alert_id, message.correlation_id)])
        self._publisher.publish(
            AlertTold(tenant=message.tenant, correlation_id=message.correlation_id, alert_id=message.alert_id)
        )
