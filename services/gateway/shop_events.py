"""What is done about a shop's event: the same as about its HTTP request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Literal

from services.gateway.access import Parts
from services.gateway.backlog import Backlog
from services.gateway.catalogue import Catalogue
from services.gateway.impressions import Whose
from services.gateway.incoming import Incoming
from services.gateway.inventory.movements import Movements
from services.gateway.inventory.shop_movements import counted, named, of_order, received
from services.gateway.multipart import Upload
from services.gateway.orders import acts_of
from services.gateway.people.erasures import Erasures
from services.gateway.people.exports import Exports
from services.gateway.sequences import OutOfOrder
from services.gateway.shoppers import Shoppers
from services.gateway.stock import Stock
from services.gateway.told_events import never_had, no_such_item
from services.gateway.uploads import Uploads
from shared.contracts.api import ItemPut
from shared.contracts.shop import (
    ImageAdded,
    ItemRemoved,
    OrderPlaced,
    OrderReturned,
    PictureRemoved,
    ShopEvent,
    StockChanged,
    StockCounted,
    StockReceived,
    UserErase,
    UserExport,
)
from shared.contracts.stock import Movement
from shared.contracts.user_events import UserEvent
from shared.errors import LoupeError, NotFound, Permanent, QuotaExceeded

Outcome = Literal["handled", "late", "repeated"]


class ShopEvents:
    """Handling an event twice has the effect of once. `incoming` is where shops put pictures."""

    def __init__(
        self,
        catalogue: Catalogue,
        stock: Stock,
        movements: Movements,
        uploads: Uploads,
        shoppers: Shoppers,
        incoming: Incoming,
        backlog: Backlog,
        erasures: Erasures,
        exports: Exports,
    ) -> None:
        self._catalogue = catalogue
        self._stock = stock
        self._movements = movements
        self._uploads = uploads
        self._shoppers = shoppers
        self._incoming = incoming
        self._backlog = backlog
        self._erasures = erasures
        self._exports = exports

    @classmethod
    def of(cls, parts: Parts) -> ShopEvents:
        return cls(
            parts.catalogue,
            parts.stock,
            parts.movements,
            parts.uploads,
            parts.shoppers,
            parts.incoming,
            parts.backlog,
            parts.erasures,
            parts.exports,
        )

    def handle(self, tenant: str, event: ShopEvent, sent_at: datetime | None = None) -> Outcome:
        """Raises `NotFound` when what the event refers to is not there, or not yet, other `Permanent` errors, and
        `Overloaded` while there is no room for what it brings; what takes away is always taken.

        The first of the error's `errors` names the field. An event that is out of order by its `sequence` has no
        effect: a later one was taken before it, or it was taken itself. Nor has one that tells of a shopper who was
        erased after it happened, or after `sent_at`.
        """
        if isinstance(event.data, ImageAdded):
            self._backlog.check_pictures()
        elif not isinstance(event.data, ItemRemoved | PictureRemoved | UserErase | UserExport):
            self._backlog.check_changes()
        try:
            return self._handle(tenant, event, sent_at)
        except OutOfOrder as order:
            return "late" if order.late else "repeated"

    def _handle(self, tenant: str, event: ShopEvent, sent_at: datetime | None) -> Outcome:
        match event.data:
            case ItemPut() as item:
                self._catalogue.put_items(tenant, [item], event.sequence)
            case ItemRemoved(sku=sku):
                with suppress(NotFound):  # it is gone already
                    self._catalogue.remove_item(tenant, sku, event.sequence)
            case StockChanged(location=None) as now:
                with _blaming("data.sku"):
                    self._stock.change(tenant, now.sku, now.stock, event.sequence, now.at, named(event))
            case StockChanged() | StockCounted():
                self._move(tenant, [counted(event, event.data)], "data.sku")
            case StockReceived() as came:
                self._move(tenant, [received(event, came)], "data.sku")
            case ImageAdded() as image:
                self._add_image(tenant, image)
            case PictureRemoved() as gone:
                self._catalogue.remove_picture(tenant, gone.sku, image_id=gone.image_id, sha256=gone.sha256)
            case OrderPlaced() | OrderReturned() as order:
                outcome = self._tell(tenant, acts_of(order), "data.lines.{}.sku", sent_at)
                self._move(tenant, of_order(event, order), "data.lines.{}.sku")
                return outcome
            case UserEvent() as said:
                return self._tell(tenant, [said], "data.sku", sent_at)
            case UserErase() as erased:
                self._erasures.ask(tenant, Whose(erased.user_id, erased.session_id), erased.also, event.id)
            case UserExport() as wanted:
                self._exports.ask(tenant, Whose(wanted.user_id, wanted.session_id), event.id)
        return "handled"

    def _tell(self, tenant: str, acts: Sequence[UserEvent], path: str, sent_at: datetime | None) -> Outcome:
        dropped: list[UserEvent] = []
        if refused := self._shoppers.accept_events(tenant, acts, whole=True, sent_at=sent_at, dropped=dropped):
            first = refused[0]
            with _blaming(path.format(first)):
                raise NotFound(never_had(acts[first]))
        return "late" if len(dropped) == len(acts) else "handled"

    def _move(self, tenant: str, movements: Sequence[Movement], path: str) -> None:
        """Also of an order whose shopper was erased: of them it says nothing."""
        if refused := self._movements.accept(tenant, movements, whole=True):
            with _blaming(path.format(refused[0])):
                raise NotFound(no_such_item(movements[refused[0]].sku))

    def _add_image(self, tenant: str, image: ImageAdded) -> None:
        if image.object_key is not None:
            with _blaming("data.object_key"):
                upload = self._incoming.read(tenant, image.object_key)
        else:
            upload = Upload.of(image.content or b"")
        field = "data.object_key" if image.object_key else "data.content"
        with _blaming(field, missing="data.sku"), upload.file:
            (image_id,) = self._uploads.store(tenant, [(image.sku, upload)])
            if isinstance(image_id, LoupeError):
                raise image_id
        if image.object_key is not None:
            self._incoming.taken(tenant, {image.object_key: upload.sha256})


def overtakes(newer: ShopEvent, older: ShopEvent) -> bool:
    """Whether `older`, which came first and still waits for its item, is to have no effect any more."""
    match newer.data, older.data:
        case StockChanged() as now, StockChanged() as before:
            of_one = now.sku == before.sku and now.location == before.location
            return of_one and newer.sequence is None and older.sequence is None
        case UserErase() as erased, UserEvent() | OrderPlaced() | OrderReturned() as did:
            if erased.user_id is not None:
                return did.user_id == erased.user_id
            return did.user_id is None and did.session_id == erased.session_id
    return False


@contextmanager
def _blaming(path: str, *, missing: str | None = None) -> Iterator[None]:
    try:
        yield
    except QuotaExceeded:
        raise  # no field of the event is at fault
    except Permanent as error:
        at = missing if missing and isinstance(error, NotFound) else path
        error.errors = [{"path": at, "message": error.detail}]
        raise
