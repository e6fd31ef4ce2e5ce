"""Movements and counts in one request: each is taken, or refused with its reason, by itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.gateway.inventory.movements import Movements
from services.gateway.told_events import no_such_item
from shared.contracts.inventory import CountsIn, MovementRefused, MovementsAccepted
from shared.contracts.stock import MAX_MOVEMENTS, Movement
from shared.errors import InvalidInput
from shared.observability.http import invalid

_LONGEST_ID = 128
_TOLD = 50


class _Envelope(BaseModel):
    """`MovementsIn`, its movements not looked into yet."""

    model_config = ConfigDict(extra="forbid")

    movements: list[Any] = Field(min_length=1, max_length=MAX_MOVEMENTS)


def take_movements(movements: Movements, tenant: str, body: bytes) -> MovementsAccepted:
    """Keep those of the movements in `body`, JSON of `MovementsIn`, that follow the contract and are of items of the
    shop. Raises `BadRequest` for what is no JSON, and `InvalidInput` when not one of them is taken."""
    try:
        given = _Envelope.model_validate_json(body).movements
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False)
        raise invalid([{**entry, "loc": ("body", *entry["loc"])} for entry in found]) from error
    told: dict[int, Movement] = {}
    refused: list[MovementRefused] = []
    for index, one in enumerate(given):
        try:
            told[index] = Movement.model_validate(one)
        except ValidationError as error:
            refused.append(_breaks_the_contract(index, one, error))
    places = list(told)
    for place in movements.accept(tenant, list(told.values())):
        index = places[place]
        one = told.pop(index)
        path = f"movements.{index}.sku"
        refused.append(MovementRefused(index=index, id=one.id, reason=no_such_item(one.sku), path=path))
    return _answer(len(told), refused, "movement")


def take_counts(movements: Movements, tenant: str, counts: CountsIn) -> MovementsAccepted:
    """Keep what was counted, but for items that the shop never had. Raises `InvalidInput` when that is all of them."""
    name = counts.id or uuid4().hex
    at = counts.counted_at or datetime.now(UTC)
    told = [
        Movement(
            id=_count_id(name, counts.location, one.sku),
            sku=one.sku,
            kind="counted",
            quantity=one.quantity,
            location=counts.location,
            occurred_at=at,
            reason=counts.reason,
        )
        for one in counts.counts
    ]
    refused = [
        MovementRefused(index=index, id=None, reason=no_such_item(told[index].sku), path=f"body.counts.{index}.sku")
        for index in movements.accept(tenant, told)
    ]
    return _answer(len(told) - len(refused), refused, "count")


def _count_id(name: str, location: str, sku: str) -> str:
    return f"count:{name}:{sha256(f'{location}/{sku}'.encode()).hexdigest()[:32]}"


def _answer(accepted: int, refused: Sequence[MovementRefused], what: str) -> MovementsAccepted:
    told = sorted(refused, key=lambda one: one.index)
    if not accepted:
        raise InvalidInput(
            f"No {what} was taken. {told[0].path}: {told[0].reason}",
            errors=[{"path": one.path, "message": one.reason} for one in told[:_TOLD]],
        )
    return MovementsAccepted(accepted=accepted, rejected=told)


def _breaks_the_contract(index: int, given: object, error: ValidationError) -> MovementRefused:
    """By its first fault. What was given is not told again, but for a name that could be the movement's."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    name = given.get("id") if isinstance(given, dict) else None
    return MovementRefused(
        index=index,
        id=name if isinstance(name, str) and len(name) <= _LONGEST_ID else None,
        reason=first["msg"].removeprefix("Value error, ") if isinstance(given, dict) else "a movement is a JSON object",
        path=".".join(str(part) for part in ("movements", index, *first["loc"])),
    )
