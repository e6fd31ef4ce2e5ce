"""Dead letters for an operator: shops' events, in the shop bus, and messages between services, in the database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Literal

import orjson
from sqlalchemy import select

from services.gateway.originals import Originals
from services.gateway.replaying import drop_message, original_of, read_letter, replay_message
from services.gateway.tables import DeadLetter, Tenant
from shared.contracts.shop import EventRefusedData
from shared.database import Database
from shared.errors import Conflict, LoupeError, NotFound
from shared.messaging import Publisher
from shared.shopbus.letters import Letter as ShopLetter
from shared.shopbus.letters import Letters, open_letters

SHOP_BUS = "shop bus"
_PAGE = 100


@dataclass(frozen=True)
class Letter:
    """`source`: the type of what died; `queue`: where, `SHOP_BUS` or a service.

    `original`: what came, of a long event the beginning; `bytes`: the length of all of it.
    """

    id: str
    tenant: str
    at: datetime
    source: str
    queue: str
    reason: str
    path: str | None
    original: str
    bytes: int


@dataclass(frozen=True)
class Done:
    """What became of a letter: `problem` says why it is still there."""

    letter: Letter
    problem: str | None = None


@dataclass(frozen=True)
class _Lying:
    """A letter in its place, and what may be done with it while the iteration is at it."""

    letter: Letter
    replay: Callable[[], None]
    drop: Callable[[], None]


class DeadLetters:
    """`shop_bus_url` and `originals` are None where they are not known; `broker` is asked for when it is needed."""

    def __init__(
        self, database: Database, shop_bus_url: str | None, originals: Originals | None, broker: Callable[[], Publisher]
    ) -> None:
        self._database = database
        self._shop_bus_url = shop_bus_url
        self._originals = originals
        self._broker = broker

    def all(self, tenant: str | None = None) -> Iterator[Letter]:
        """Those of a shop, or of all shops: the events, then the messages, each the oldest first."""
        return (lying.letter for lying in self._lying(tenant))

    def named(self, name: str) -> Letter:
        """The letter whose id begins so. Raises `NotFound`, or `Conflict` when there are several."""
        found = {letter.id: letter for letter in self.all() if letter.id.startswith(name)}
        if not found:
            raise NotFound(f"There is no dead letter {name!r}. It may have been replayed or dropped.")
        if len(found) > 1:
            raise Conflict(f"{len(found)} dead letters begin with {name!r}. Say more of the id.")
        return next(iter(found.values()))

    def do(
        self, what: Literal["replay", "drop"], chosen: Callable[[Letter], bool], tenant: str | None = None
    ) -> Iterator[Done]:
        """Replay or drop those that are there now and chosen, one after the other.

        A replayed event goes to the end of its shop's line, a message to who could not handle it, and the letter goes
        with that. Both are handled as if they came anew, so what is done already is not done twice.
        """
        for lying in self._lying(tenant):
            if chosen(lying.letter):
                try:
                    (lying.replay if what == "replay" else lying.drop)()
                except LoupeError as error:
                    yield Done(lying.letter, error.detail)
                else:
                    yield Done(lying.letter)

    def _lying(self, tenant: str | None) -> Iterator[_Lying]:
        with self._database.read() as session:
            shops = session.scalars(select(Tenant.tenant).order_by(Tenant.tenant)).all()
        for shop in shops if self._shop_bus_url else ():
            if tenant in (None, shop):
                yield from self._events(str(self._shop_bus_url), shop)
        yield from self._messages(tenant)

    def _events(self, url: str, tenant: str) -> Iterator[_Lying]:
        with closing(open_letters(url, tenant)) as letters:
            for lying in letters:
                told = read_letter(lying.body)
                letter = Letter(
                    told.id,
                    tenant,
                    told.at,
                    told.source,
                    SHOP_BUS,
                    told.data.reason,
                    told.data.path,
                    told.data.original,
                    told.data.bytes,
                )
                yield _Lying(
                    letter,
                    partial(self._replay_event, letters, lying, tenant, told.data),
                    partial(self._drop_event, letters, lying, tenant, told.data),
                )

    def _replay_event(self, letters: Letters, lying: ShopLetter, tenant: str, data: EventRefusedData) -> None:
        letters.send_again(lying, original_of(self._originals, tenant, data))

    def _drop_event(self, letters: Letters, lying: ShopLetter, tenant: str, data: EventRefusedData) -> None:
        letters.drop(lying)
        if data.sha256 and self._originals:
            self._originals.drop(tenant, data.sha256)

    def _messages(self, tenant: str | None) -> Iterator[_Lying]:
        ids = select(DeadLetter.id).order_by(DeadLetter.at, DeadLetter.id)
        with self._database.read() as session:
            names = session.scalars(ids if tenant is None else ids.where(DeadLetter.tenant == tenant)).all()
        for start in range(0, len(names), _PAGE):
            some = names[start : start + _PAGE]
            with self._database.read() as session:
                page = select(DeadLetter).where(DeadLetter.id.in_(some)).order_by(DeadLetter.at, DeadLetter.id)
                rows = session.scalars(page).all()
            for row in rows:
                yield _Lying(
                    _of_row(row),
                    partial(replay_message, self._database, self._broker, row.id),
                    partial(drop_message, self._database, row.id),
                )


def _of_row(row: DeadLetter) -> Letter:
    original = orjson.dumps(row.payload)
    return Letter(
        row.id, row.tenant, row.at, row.source, row.queue, row.reason, row.path, original.decode(), len(original)
    )
