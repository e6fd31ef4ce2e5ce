"""What Loupe tells shops by queue and by webhook: the `data` of each event, and the CloudEvent around it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar, Literal
from uuid import NAMESPACE_URL, uuid5

import orjson
from pydantic import BaseModel, Field

from shared.contracts.analysis import Attribute, QualityWarning
from shared.contracts.fields import ImageId, SessionId, Sku, Timestamp, UserId
from shared.contracts.lookalikes import CopySide, Finding, LookalikeId, OtherSide
from shared.contracts.people import ErasureId, ExportId, Found
from shared.contracts.stock import AlertKind

MAX_TOLD_IMAGES = 500
_SOURCE = "/loupe"


class Outgoing(BaseModel):
    """The data of an event that Loupe sends."""

    event_type: ClassVar[str]


class ImageIndexedData(Outgoing):
    """The picture can be found. What Loupe saw in it, with confidences in 0..1; what it does not know is absent."""

    event_type = "loupe.image.indexed"

    sku: Sku
    image_id: ImageId
    model_version: str
    type: Attribute | None = None
    metal: Attribute | None = None
    stone: Attribute | None = None
    cut: Attribute | None = None
    setting: Attribute | None = None
    warnings: list[QualityWarning] = Field(default_factory=list)


class ImageRejectedData(Outgoing):
    """The picture will not be found; `reason` says why and what to do."""

    event_type = "loupe.image.rejected"

    sku: Sku
    image_id: ImageId
    reason: str


class ImageOutcome(BaseModel):
    """What became of one picture of an item; `reason` says why it was rejected."""

    image_id: ImageId
    state: Literal["indexed", "rejected"]
    reason: str | None = None


class _ItemDone(Outgoing):
    sku: Sku
    images: list[ImageOutcome] = Field(min_length=1, max_length=MAX_TOLD_IMAGES)


class ItemIndexedData(_ItemDone):
    """The item can be found: no picture of it is on its way any more, and at least one of them is indexed.

    `images`: all of its pictures, in the order in which they came, up to the first 500.
    """

    event_type = "loupe.item.indexed"


class ItemRejectedData(_ItemDone):
    """The item cannot be found by its look: no picture of it is on its way any more, and all of them are rejected.

    `images`: all of its pictures, in the order in which they came, up to the first 500.
    """

    event_type = "loupe.item.rejected"


class SuggestionsChangedData(Outgoing):
    """What is suggested to a shopper is another list now: a user, or the visit of somebody who is not logged in.

    For shops that asked for it; at most once a minute of each shopper.
    """

    event_type = "loupe.suggestions.changed"

    user_id: UserId | None = None
    session_id: SessionId | None = None


class StockAlertData(Outgoing):
    """The stock of an item crossed a line, told once a crossing: `kind` says which, and `why` by which numbers.

    `on_hand`: pieces in all at that moment; absent where they are not counted.
    """

    event_type = "loupe.stock.alert"

    sku: Sku
    kind: AlertKind
    on_hand: int | None = None
    why: str
    crossed_at: Timestamp


class LookalikeFoundData(Outgoing, Finding):
    """A piece of another shop that looks like one of this shop's, by consent of both; told once a pair of them.

    `degree` says how much it does, and `score`, in 0..1, how sure that is; `own` and `other` say which pictures and
    where in them. `GET /v1/lookalikes/{lookalike_id}` shows both, and a person decides there.
    """

    event_type = "loupe.lookalike.found"

    lookalike_id: LookalikeId
    own: CopySide
    other: OtherSide
    found_at: Timestamp


class UserErasedData(Outgoing):
    """A shopper is erased. It does not say who, since it is kept for a while: `erasure_id` is what the request was
    answered, and `asked_by` the `id` of the event that asked for it by queue.

    `shopper`: a hash of the name that this installation alone can make. `receipt`: a JWS by a key of
    `/.well-known/jwks.json` that says what was found where, as `found` does.
    """

    event_type = "loupe.user.erased"

    erasure_id: ErasureId
    shopper: str
    asked_by: str | None = None
    found: Found
    receipt: str


class UserExportedData(Outgoing):
    """What is kept of a shopper lies at `data_url` of the API, for a key with the scope `admin`, until `expires_at`.

    `asked_by` as in `loupe.user.erased`.
    """

    event_type = "loupe.user.exported"

    export_id: ExportId
    shopper: str
    asked_by: str | None = None
    data_url: str
    expires_at: Timestamp


class EventRefusedData(Outgoing):
    """An event that was not taken, as it lies in the dead-letter line: why, and which field was at fault.

    `original` is what came, cut after its first characters when it is long; `bytes` is its whole length, and `sha256`
    the hash of all of it.
    """

    event_type = "loupe.event.refused"

    reason: str
    path: str | None = None
    original: str
    bytes: int
    sha256: str | None = None


OUTGOING: dict[str, type[Outgoing]] = {
    data.event_type: data
    for data in (
        ItemIndexedData,
        ItemRejectedData,
        ImageIndexedData,
        ImageRejectedData,
        StockAlertData,
        LookalikeFoundData,
        SuggestionsChangedData,
        UserErasedData,
        UserExportedData,
    )
}
"""What comes by the line out; in the line of dead letters lie `EventRefusedData`."""


def write(data: Outgoing, *, tenant: str, key: str, correlation_id: str) -> bytes:
    """The CloudEvent of `data` as JSON. The same tenant, type and `key` give the same `id`, so a repeat shows."""
    event = {
        "specversion": "1.0",
        "id": str(uuid5(NAMESPACE_URL, f"loupe:{tenant}:{data.event_type}:{key}")),
        "source": _SOURCE,
        "type": data.event_type,
        "time": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "correlationid": correlation_id,
        "data": data.model_dump(mode="json", exclude_none=True),
    }
    return orjson.dumps(event)
