"""How events come into the history: each once, and each to the shopper whose it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import cast

from sqlalchemy import Connection, Table, bindparam, insert, select, text, update

from services.recommender.erased import erased_at
from services.recommender.tables import Event, EventCount, Visit
from shared.contracts.user_events import UserEvent

_IDS = 1_000
_SEEN_AGAIN_AFTER = timedelta(days=1)
_EVENTS, _VISITS = cast(Table, Event.__table__), cast(Table, Visit.__table__)

_HOLD = text(
    "INSERT INTO event_counts (tenant, events) VALUES (:tenant, 0) "
    "ON CONFLICT (tenant) DO UPDATE SET events = event_counts.events"
)
_COUNT = (
    update(EventCount).where(EventCount.tenant == bindparam("of")).values(events=EventCount.events + bindparam("more"))
)
_KNOWN = select(Event.event_id).where(
    Event.tenant == bindparam("tenant"), Event.event_id.in_(bindparam("ids", expanding=True))
)
_VISITS_OF = select(Visit.session_id, Visit.user_id, Visit.seen_at).where(
    Visit.tenant == bindparam("tenant"), Visit.session_id.in_(bindparam("ids", expanding=True))
)
_SEEN = (
    update(_VISITS)
    .where(_VISITS.c.tenant == bindparam("of"), _VISITS.c.session_id == bindparam("visit"))
    .values(seen_at=bindparam("now"))
)
_GIVE = (
    update(_EVENTS)
    .where(_EVENTS.c.tenant == bindparam("of"), _EVENTS.c.shopper == bindparam("visitor"))
    .values(shopper=bindparam("user"))
)


@dataclass(frozen=True, slots=True)
class Told:
    """An event as it was told, at `told_at`. With neither `user_id` nor `session_id` it would be nobody's."""

    event_id: str
    type: str
    user_id: str | None
    session_id: str | None
    sku: str | None
    at: datetime
    search_id: str | None
    told_at: datetime

    @classmethod
    def of(cls, event: UserEvent, told_at: datetime) -> Told:
        who = event.user_id, event.session_id
        return cls(event.id, event.type, *who, event.sku, event.at, event.search_id, told_at)


@dataclass(frozen=True, slots=True)
class Recorded:
    """How many events were `new`, and how many `late`: told before their shopper was erased, and so not kept.

    `clicked`: of each new click that tells its list, the `search_id` of that.
    """

    new: int
    late: int
    clicked: Sequence[str] = ()


def record(connection: Connection, tenant: str, told: Sequence[Told]) -> Recorded:
    """Keep the events whose id is new to the tenant and that are not late, inside the caller's transaction.

    The first of them with a user in a visit that nobody has yet gives the visit to the user: what was done in it, and
    will be told of it, without a user. The tenant is held until the transaction ends, so no event can slip in between.
    """
    hold(connection, tenant)
    by_id: dict[str, Told] = {}
    kept = _not_erased(connection, tenant, told)
    late = len(told) - len(kept)
    for one in kept:
        by_id.setdefault(one.event_id, one)
    for ids in _in_parts(list(by_id)):
        for (known,) in connection.execute(_KNOWN, {"tenant": tenant, "ids": ids}):
            del by_id[known]
    if not by_id:
        return Recorded(0, late)
    now = number_of(datetime.now(UTC))
    owners = _owners(connection, tenant, by_id.values(), now)
    rows = [
        {
            "tenant": tenant,
            "event_id": one.event_id,
            "shopper": _shopper(one, owners),
            "sku": one.sku,
            "type": one.type,
            "at": min(number_of(one.at), now),
            "recorded_at": now,
            "search_id": one.search_id,
        }
        for one in by_id.values()
    ]
    connection.execute(insert(_EVENTS), rows)
    more = sum(one.sku is not None for one in by_id.values())
    connection.execute(_COUNT, {"of": tenant, "more": more})
    clicked = [one.search_id for one in by_id.values() if one.type == "clicked" and one.search_id]
    return Recorded(len(rows), late, clicked)


def hold(connection: Connection, tenant: str) -> None:
    """Until the transaction ends nobody else records what the tenant's shoppers did, or erases any of it."""
    connection.execute(_HOLD, {"tenant": tenant})


def _not_erased(connection: Connection, tenant: str, told: Sequence[Told]) -> Sequence[Told]:
    """Without what is late. What a user did in a visit that was erased is kept, without the visit."""
    visits = {key_of(None, one.session_id) for one in told if one.session_id}
    erased = erased_at(connection, tenant, visits | {key_of(one.user_id) for one in told if one.user_id})
    if not erased:
        return told
    kept = [one for one in told if not _is_late(one, key_of(one.user_id, one.session_id), erased)]
    return [
        replace(one, session_id=None) if one.user_id and _is_late(one, key_of(None, one.session_id), erased) else one
        for one in kept
    ]


def _is_late(one: Told, shopper: str, erased: Mapping[str, int]) -> bool:
    return shopper in erased and number_of(one.told_at) <= erased[shopper]


def _owners(connection: Connection, tenant: str, told: Iterable[Told], now: int) -> Mapping[str, str]:
    """The user of each visit that has one, those who log in with these events among them."""
    in_visits = sorted((one for one in told if one.session_id), key=lambda one: one.at)
    visits = sorted({one.session_id for one in in_visits if one.session_id})
    owners: dict[str, str] = {}
    seen: list[str] = []
    for ids in _in_parts(visits):
        for visit, user, seen_at in connection.execute(_VISITS_OF, {"tenant": tenant, "ids": ids}):
            owners[visit] = user
            if now - seen_at > _SEEN_AGAIN_AFTER / timedelta(milliseconds=1):
                seen.append(visit)
    logins: dict[str, str] = {}
    for one in in_visits:
        if one.user_id and one.session_id and one.session_id not in owners:
            logins.setdefault(one.session_id, one.user_id)
    if seen:
        connection.execute(_SEEN, [{"of": tenant, "visit": visit, "now": now} for visit in seen])
    if logins:
        links = [
            {"tenant": tenant, "session_id": visit, "user_id": user, "seen_at": now} for visit, user in logins.items()
        ]
        connection.execute(insert(_VISITS), links)
        moves = [{"of": tenant, "visitor": key_of(None, visit), "user": key_of(user)} for visit, user in logins.items()]
        connection.execute(_GIVE, moves)
    return owners | logins


def _shopper(one: Told, owners: Mapping[str, str]) -> str:
    return key_of(one.user_id or owners.get(one.session_id or ""), one.session_id)


def key_of(user_id: str | None, session_id: str | None = None) -> str:
    """The name by which the tables know a user, or the visit of somebody who is none; no two have the same."""
    return f"u:{user_id}" if user_id else f"s:{session_id}"


def number_of(moment: datetime) -> int:
    """Milliseconds since 1970, rounded down."""
    return int((moment - _EPOCH) // _MILLISECOND)


def moment_of(number: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=number)


def _in_parts(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (ids[start : start + _IDS] for start in range(0, len(ids), _IDS))


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
