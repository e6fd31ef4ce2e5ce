"""What a shop tells of its shoppers in one request: each event is taken, or refused with its reason, by itself."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.gateway.shoppers import Shoppers
from shared.contracts.api import EventRefused, EventsAccepted
from shared.contracts.fields import MAX_EVENTS
from shared.contracts.user_events import UserEvent
from shared.errors import InvalidInput
from shared.observability.http import invalid

_LONGEST_ID = 128
_TOLD = 50


class _Envelope(BaseModel):
    """`EventsIn`, its events not looked into yet."""

    model_config = ConfigDict(extra="forbid")

    events: list[Any] = Field(min_length=1, max_length=MAX_EVENTS)


def take_events(shoppers: Shoppers, tenant: str, body: bytes) -> EventsAccepted:
    """Keep those of the events in `body`, JSON of `EventsIn`, that follow the contract and are of items of the shop.

    Raises `BadRequest` for what is no JSON, and `InvalidInput` when not one of them is taken.
    """
    try:
        given = _Envelope.model_validate_json(body).events
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False)
        raise invalid([{**entry, "loc": ("body", *entry["loc"])} for entry in found]) from error
    events: dict[int, UserEvent] = {}
    refused: list[EventRefused] = []
    for index, one in enumerate(given):
        try:
            events[index] = UserEvent.model_validate(one)
        except ValidationError as error:
            refused.append(_breaks_the_contract(index, one, error))
    if events:
        indexes = list(events)
        for place in shoppers.accept_events(tenant, list(events.values())):
            event = events.pop(indexes[place])
            refused.append(
                EventRefused(
                    index=indexes[place],
                    id=event.id,
                    reason=never_had(event),
                    path=f"events.{indexes[place]}.sku",
                )
            )
    refused.sort(key=lambda one: one.index)
    if not events:
        raise InvalidInput(
            f"No event was taken. {refused[0].path}: {refused[0].reason}",
            errors=[{"path": one.path, "message": one.reason} for one in refused[:_TOLD]],
        )
    return EventsAccepted(accepted=len(events), rejected=refused)


def never_had(event: UserEvent) -> str:
    return no_such_item(event.sku)


def no_such_item(sku: str | None) -> str:
    return f"The shop never had an item {sku!r}. Put the item first."


def _breaks_the_contract(index: int, given: object, error: ValidationError) -> EventRefused:
    """By its first fault. What was given is not told again, but for a name that could be the event's."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    name = given.get("id") if isinstance(given, dict) else None
    return EventRefused(
        index=index,
        id=name if isinstance(name, str) and len(name) <= _LONGEST_ID else None,
        reason=first["msg"].removeprefix("Value error, ") if isinstance(given, dict) else "an event is a JSON object",
        path=".".join(str(part) for part in ("events", index, *first["loc"])),
    )
