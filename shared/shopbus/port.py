"""The port to the outside's messages: for each tenant a line of events in, one out, and one of dead letters."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

Line = Literal["in", "out", "dead"]


@dataclass(frozen=True)
class Delivery:
    """An event as it came in. `tenant` is told by the line that it came by.

    `since` is when it was sent, or first seen where the bus does not know, in seconds since 1970. `tries` counts how
    often it was handed out, this time included, as far as the bus can tell: always for the first that comes again after
    its gateway died. `fault` says what is wrong with how it was sent, if anything. `handle`
    is the adapter's own.
    """

    tenant: str
    body: bytes
    since: float
    tries: int
    fault: str | None = None
    handle: Any = field(default=None, repr=False)


class ShopBus(Protocol):
    """The lines of all tenants. Only one thread receives and settles; `publish` and `ping` may be called from any.

    Every method raises `Retryable` when the bus cannot be reached. After that, whatever was handed out and not settled
    counts as never handed out: it comes again, in its old order.
    """

    def receive(self, tenants: Sequence[str], seconds: float, paused: Collection[str] = ()) -> list[Delivery]:
        """The next event of each of these tenants that is not `paused`, in the order in which they were sent.

        Waits up to about `seconds` when there is none. Of several gateways one serves a tenant at a time; when it dies,
        another one, or its successor, gets what it had not settled, before all that came later. At most `IN_HAND`
        events of a tenant may be handed out and not settled.
        """
        ...

    def done(self, delivery: Delivery) -> None:
        """The event has had its effect: it will not come again."""
        ...

    def bury(self, delivery: Delivery, letter: bytes) -> None:
        """Put a letter that tells of the event into the tenant's dead-letter line; the event will not come again."""
        ...

    def publish(self, tenant: str, events: Sequence[bytes]) -> None:
        """Put events into the tenant's line out; returns when the bus has them all."""
        ...

    def take_out(self, tenant: str, line: Line, chosen: Callable[[bytes], bool], before: float | None = None) -> int:
        """Take out of a tenant's line what is `chosen` by its bytes, wherever in the line it stands; how many.

        All others keep their places. `before`: only what was sent until then, in seconds since 1970; on a bus that does
        not know, `chosen` has to tell. Of the line in a bus may leave all to whoever receives. Any thread may ask.
        """
        ...

    def compact(self) -> None:
        """Give up what the bus keeps on its disk of events that are gone. Where the bus does so itself: nothing."""
        ...

    def ping(self) -> None:
        """Return when the bus answers, else raise `Retryable` saying what to do."""
        ...

    def close(self) -> None:
        """Let go of all that is not settled: it comes again, to whoever asks next."""
        ...


IN_HAND = 8
KEPT_OUT = 50_000
"""How many events of the line out are kept, about, when nobody reads them."""
KEPT_DEAD = 10_000
