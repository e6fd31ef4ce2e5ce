"""What shops tell Loupe by queue: the `data` of each event, by its type."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Self, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from shared.contracts.api import ItemPut
from shared.contracts.fields import ImageId, Price, SessionId, Sha256, Sku, Timestamp, UserId
from shared.contracts.stock import MAIN, MAX_PIECES_MOVED, Location, Reason
from shared.contracts.user_events import UserEvent

MAX_INLINE_BYTES = 8_000_000
"""The largest picture that an event may hold; larger ones go by `object_key` or over HTTP."""

MAX_EVENT_BYTES = 11_000_000
"""The largest event: a picture of `MAX_INLINE_BYTES` in base64, and what is around it."""

INCOMING_BUCKET = "incoming"
"""Where a shop puts the pictures that it names by `object_key`, each under the shop's prefix."""

MAX_ORDER_LINES = 200
OrderId = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,100}$")]
"""An order by the shop's own name for it: 1 to 100 ASCII characters, no space."""


def too_large() -> str:
    """What to do with a picture that no event can hold."""
    return (
        f"the picture is over {MAX_INLINE_BYTES // 1_000_000} MB; scale it down, upload it over HTTP, or put it into "
        f"the bucket {INCOMING_BUCKET!r} and name it by object_key"
    )


def _picture_of(value: object) -> object:
    """Line breaks are let pass, because many encoders make them."""
    if not isinstance(value, str):
        raise ValueError("needs the picture's bytes as a base64 string")
    if len(value) > MAX_EVENT_BYTES:
        raise ValueError(too_large())
    try:
        decoded = base64.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("is not valid base64; encode the file's bytes as they are") from error
    if len(decoded) > MAX_INLINE_BYTES:
        raise ValueError(too_large())
    return decoded


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ItemRemoved(_Data):
    """`shop.item.removed`: the item goes, with its pictures."""

    sku: Sku


class StockChanged(_Data):
    """`shop.stock.changed`: how many pieces are on hand; null: they are not counted, so there are some.

    `at`: when, else the event's `time`, else now. With a `location` it is of the pieces that lie there, else of all.
    """

    sku: Sku
    stock: Annotated[int, Field(ge=0, le=1_000_000_000)] | None
    location: Location | None = None
    at: Timestamp | None = None


Pieces = Annotated[int, Field(ge=1, le=MAX_PIECES_MOVED)]


class StockReceived(_Data):
    """`shop.stock.received`: pieces came in. `unit_cost`: of one of them. `at` as in `shop.stock.changed`."""

    sku: Sku
    quantity: Pieces
    location: Location = MAIN
    unit_cost: Price | None = None
    reason: Reason | None = None
    at: Timestamp | None = None


class StockCounted(_Data):
    """`shop.stock.counted`: somebody counted so many pieces at the location. `at` as in `shop.stock.changed`.

    Where the books say something else, that is an adjustment, for the `reason`.
    """

    sku: Sku
    quantity: Annotated[int, Field(ge=0, le=MAX_PIECES_MOVED)]
    location: Location = MAIN
    reason: Reason | None = None
    at: Timestamp | None = None


class ImageAdded(_Data):
    """`shop.image.added`: a picture of an item, its bytes in `content` or under `object_key` in the bucket `incoming`.

    `content` is base64 in JSON, up to 8 MB decoded. The item must have been put before.
    """

    sku: Sku
    content: Annotated[bytes, BeforeValidator(_picture_of)] | None = Field(None, repr=False)
    object_key: Annotated[str, Field(min_length=1, max_length=803)] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> ImageAdded:
        if (self.content is None) == (self.object_key is None):
            raise ValueError("give either content or object_key")
        return self


class PictureRemoved(_Data):
    """`shop.image.removed`: a picture of an item goes, by its id or by the hash of its file's bytes."""

    sku: Sku
    image_id: ImageId | None = None
    sha256: Sha256 | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> PictureRemoved:
        if (self.image_id is None) == (self.sha256 is None):
            raise ValueError("give either image_id or sha256")
        return self


class OrderLine(_Data):
    """`price`: of one piece."""

    sku: Sku
    quantity: int = Field(1, ge=1, le=10_000)
    price: float | None = Field(None, ge=0, le=1e9)


class _Order(_Data):
    """`at`: when, else the event's `time`. With neither shopper nor visit it is a visit of its own.

    `location`: where the pieces went from, or came back to.
    """

    order_id: OrderId
    user_id: UserId | None = None
    session_id: SessionId | None = None
    at: Timestamp
    location: Location = MAIN
    lines: list[OrderLine] = Field(min_length=1, max_length=MAX_ORDER_LINES)


class OrderPlaced(_Order):
    """`shop.order.placed`: each line is told of the shopper as a purchase, and its pieces go from the stock."""


class OrderReturned(_Order):
    """`shop.order.returned`: these lines of an order came back, into the stock."""


class _OneShopper(_Data):
    user_id: UserId | None = None
    session_id: SessionId | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.user_id is None) == (self.session_id is None):
            raise ValueError("give either user_id or session_id")
        return self


class UserErase(_OneShopper):
    """`shop.user.erase`: all that is kept of a shopper goes, by the user's name or the visit's.

    `also`: other words that name them, as an e-mail address, to be looked for in what was never taken.
    """

    also: list[UserId] = Field(default_factory=list, max_length=20)


class UserExport(_OneShopper):
    """`shop.user.export`: all that is kept of a shopper is gathered; `loupe.user.exported` says where it lies."""


ShopData: TypeAlias = (
    ItemPut
    | ItemRemoved
    | StockChanged
    | StockReceived
    | StockCounted
    | ImageAdded
    | PictureRemoved
    | OrderPlaced
    | OrderReturned
    | UserEvent
    | UserErase
    | UserExport
)
INCOMING: dict[str, type[ShopData]] = {
    "shop.item.upserted": ItemPut,
    "shop.item.removed": ItemRemoved,
    "shop.stock.changed": StockChanged,
    "shop.stock.received": StockReceived,
    "shop.stock.counted": StockCounted,
    "shop.image.added": ImageAdded,
    "shop.image.removed": PictureRemoved,
    "shop.order.placed": OrderPlaced,
    "shop.order.returned": OrderReturned,
    "shop.user.event": UserEvent,
    "shop.user.erase": UserErase,
    "shop.user.export": UserExport,
}
