"""The table of faults: what breaks, when, for how long, and on which stack."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from tests.chaos.proxies import Way
from tests.chaos.shopping import Work
from tests.chaos.stand import Stack, Stand

Strike = Callable[[Stand, Work], None]
"""Begins the shop's work and returns when the fault is over; the work may still go on."""
_BOTH: tuple[Stack, ...] = ("one command", "processes")
_LOCAL: tuple[Stack, ...] = ("one command",)
_SERVERS: tuple[Stack, ...] = ("processes",)
_MIDST = 6
"""Of the requests of a round: three items and their pictures are accepted then."""
MINUTE = 60.0


@dataclass(frozen=True)
class Fault:
    """`poison`: the shop uploads a picture that kills. `needs`: a property of the stand without which it cannot be."""

    name: str
    strike: Strike
    stacks: tuple[Stack, ...] = _BOTH
    poison: bool = False
    needs: str | None = None


def killed(*parts: str) -> Strike:
    """SIGKILL of these, or of all at once, in the midst of the work."""

    def strike(stand: Stand, work: Work) -> None:
        work.begin()
        work.await_answered(_MIDST)
        stand.kill(*parts)

    return strike


def killed_at(step: str) -> Strike:
    """SIGKILL of who comes to the step first."""

    def strike(stand: Stand, work: Work) -> None:
        with stand.armed(step):
            work.begin()

    return strike


def restarted(part: str) -> Strike:
    def strike(stand: Stand, work: Work) -> None:
        work.begin()
        work.await_answered(_MIDST)
        stand.restart(part)

    return strike


def broken(server: str, way: Way, seconds: float) -> Strike:
    """The way to a server is broken from the midst of the work on."""

    def strike(stand: Stand, work: Work) -> None:
        work.begin()
        work.await_answered(_MIDST)
        with stand.proxy(server).broken(way):
            _last(seconds)

    return strike


def full(seconds: float) -> Strike:
    """No room on the disk under all of the stack."""

    def strike(stand: Stand, work: Work) -> None:
        work.begin()
        work.await_answered(_MIDST)
        with stand.full_disk():
            _last(seconds)

    return strike


def jumped(ahead: int, *parts: str, seconds: float = 15) -> Strike:
    """The services' clock is so far ahead, or behind, from the midst of the work on, and then right again; meanwhile
    these are killed. The servers' clocks are right: an object store refuses who is a quarter of an hour off."""

    def strike(stand: Stand, work: Work) -> None:
        stand.set_clock(0)
        work.begin()
        work.await_answered(_MIDST)
        stand.set_clock(ahead)
        try:
            if parts:
                stand.kill(*parts)
            _last(seconds)
        finally:
            stand.set_clock(0)

    return strike


def nothing(stand: Stand, work: Work) -> None:
    """The work itself is the fault."""
    work.begin()


def _last(seconds: float) -> None:
    threading.Event().wait(seconds)  # the time is the fault


FAULTS = [
    Fault("gateway killed after the bytes", killed_at("after-pictures.put")),
    Fault("gateway killed after the commit", killed_at("before-embedder:image.stored")),
    Fault("gateway killed after the publication", killed_at("after-embedder:image.stored")),
    Fault("embedder killed in its batch, before the object", killed_at("before-analyses.put")),
    Fault("embedder killed after the object", killed_at("after-analyses.put")),
    Fault("embedder killed after the publication, before the ack", killed_at("after-indexer:image.analysed")),
    Fault("indexer killed before the upsert, its lock held", killed_at("before-vectors.upsert")),
    Fault("indexer killed after the upsert, before the commit", killed_at("after-vectors.upsert")),
    Fault("indexer killed after the commit", killed_at("before-gateway:image.indexed")),
    Fault("indexer killed after the publication, before the ack", killed_at("after-gateway:image.indexed")),
    Fault("indexer killed before a deletion", killed_at("before-vectors.delete")),
    Fault("indexer killed after a deletion, before the commit", killed_at("after-vectors.delete")),
    Fault("recommender killed after the commit", killed_at("before-gateway:events.recorded")),
    Fault("recommender killed after the publication, before the ack", killed_at("after-gateway:events.recorded")),
    Fault("embedder killed", killed("embedder")),
    Fault("backend killed", killed("backend"), _LOCAL),
    Fault("gateway killed", killed("gateway"), _SERVERS),
    Fault("indexer killed", killed("indexer"), _SERVERS),
    Fault("recommender killed", killed("recommender"), _SERVERS),
    Fault("broker killed", killed("broker")),
    Fault("object store killed", killed("object-store"), _SERVERS),
    Fault("vector store killed", killed("vectors"), _SERVERS),
    Fault("catalogue's server killed", killed("postgresql"), _SERVERS),
    Fault("all killed at once", killed()),
    Fault("broker restarted", restarted("broker")),
    Fault("broker lost for a minute", broken("broker", Way.REFUSE, MINUTE)),
    Fault("broker silent for 15 s", broken("broker", Way.HANG, 15)),
    Fault("broker's connections cut for 5 s", broken("broker", Way.CUT, 5)),
    Fault("broker slow for 10 s", broken("broker", Way.SLOW, 10)),
    Fault("object store answers 503 for 10 s", broken("objects", Way.BUSY, 10), _SERVERS),
    Fault("object store silent for 45 s", broken("objects", Way.HANG, 45), _SERVERS),
    Fault("object store's connections cut for 5 s", broken("objects", Way.CUT, 5), _SERVERS),
    Fault("vector store refuses for 15 s", broken("vectors", Way.REFUSE, 15), _SERVERS),
    Fault("vector store answers 503 for 10 s", broken("vectors", Way.BUSY, 10), _SERVERS),
    Fault("vector store silent for 15 s", broken("vectors", Way.HANG, 15), _SERVERS),
    Fault("catalogue's server lost for 10 s", broken("catalogue", Way.REFUSE, 10), _SERVERS),
    Fault("disk full for 10 s", full(10), needs="disk"),
    Fault("a picture that kills who decodes it", nothing, poison=True),
    Fault("clock two hours ahead for 15 s", jumped(7_200), needs="clock"),
    Fault("clock two hours behind for 15 s", jumped(-7_200), needs="clock"),
    Fault("clock two hours ahead for 15 s, the broker killed meanwhile", jumped(7_200, "broker"), needs="clock"),
]

SHORT = [
    Fault("embedder killed after the object", killed_at("after-analyses.put")),
    Fault("indexer killed after the upsert, before the commit", killed_at("after-vectors.upsert")),
    Fault("gateway killed", killed("gateway"), _SERVERS),
    Fault("broker killed", killed("broker")),
    Fault("object store answers 503 for 2 s", broken("objects", Way.BUSY, 2), _SERVERS),
    Fault("vector store refuses for 2 s", broken("vectors", Way.REFUSE, 2), _SERVERS),
    Fault("broker's connections cut for 2 s", broken("broker", Way.CUT, 2)),
]
"""One round of each runs in CI."""
