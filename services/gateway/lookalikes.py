"""Copies that were found: told to shops, and shown to them with both pictures."""

from __future__ import annotations

from services.gateway.shop_news import News, tell
from services.gateway.signing import Signer
from shared.contracts.lookalikes import Lookalike, LookalikeFound, LookalikeTold
from shared.contracts.shop import LookalikeFoundData
from shared.database import Database
from shared.messaging import Handlers, Publisher


def handlers_of_lookalikes(database: Database, publisher: Publisher) -> Handlers:
    return {LookalikeFound: Lookalikes(database, publisher).tell}


class Lookalikes:
    def __init__(self, database: Database, publisher: Publisher) -> None:
        self._database = database
        self._publisher = publisher

    def tell(self, message: LookalikeFound) -> None:
        """Of one that comes again the shop hears again, by the same id of the event."""
        data = LookalikeFoundData.model_validate(message.model_dump(), extra="ignore")
        with self._database.write() as session:
            tell(session, [News(message.tenant, data, message.lookalike_id, message.correlation_id)])
        self._publisher.publish(
            LookalikeTold(
                tenant=message.tenant, correlation_id=message.correlation_id, lookalike_id=message.lookalike_id
            )
        )


def show(signer: Signer, tenant: str, one: Lookalike) -> Lookalike:
    """With the addresses of both pictures. Those of the other shop are shown by its consent."""
    if one.own.image_id:
        one.own.image_url = signer.image_url(tenant, one.own.image_id)
    if one.own.reference_id and one.own.sha256:
        path = f"/v1/references/{one.own.reference_id}/pictures/{one.own.sha256}/content"
        one.own.image_url = signer.address(path, tenant)
    if one.other.image_id:
        one.other.image_url = signer.image_url(one.other.shop, one.other.image_id)
    return one
