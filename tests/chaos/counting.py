"""What became of what a shop was promised: counted in each round, and in the index when all rounds are over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import httpx
from sqlalchemy import func, select

from services.gateway.tables import DeadLetter
from services.recommender.tables import Event
from tests.chaos.shopping import Ledger, Sent
from tests.chaos.stand import Stand
from tests.support.waiting import until

SETTLED_SECONDS = 300
_TENANT = "shop"


@dataclass
class Outcome:
    """Of one round, or of many together. `problems`: what was not as promised, in words."""

    rounds: int = 0
    accepted: int = 0
    searchable: int = 0
    rejected: int = 0
    removed: int = 0
    events: int = 0
    recorded: int = 0
    lost: int = 0
    twice: int = 0
    came_back: int = 0
    dead_letters: int = 0
    unexplained: int = 0
    found: int = 0
    longest: float = 0.0
    problems: list[str] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def kept_all(self) -> bool:
        return not (self.lost or self.twice or self.came_back or self.unexplained or self.found or self.problems)

    def add(self, other: Outcome) -> None:
        for name in (each.name for each in fields(self) if each.name not in ("longest", "reasons")):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.reasons += other.reasons
        self.longest = max(self.longest, other.longest)


def settle(stand: Stand) -> list[str]:
    """Wait until every message has its outcome and every part answers; in words, what has none in the time."""

    def settled() -> bool:
        told = _asked(stand, "/v1/status")
        quiet = told is not None and told["outbox"] == 0 and told["images"].get("stored", 0) == 0
        return quiet and stand.ready()

    try:
        until(settled, "every message has its outcome", SETTLED_SECONDS, 0.1)
    except AssertionError as error:
        return [f"{error}: {_asked(stand, '/v1/status')}"]
    return []


def count(stand: Stand, ledger: Ledger, letters_before: int) -> Outcome:
    """Of a round that is settled: what the API, the databases and a comparison of the stores say of it."""
    outcome = Outcome(rounds=1, accepted=ledger.accepted, removed=len(ledger.removed), events=len(ledger.events))
    outcome.problems += ledger.odd
    for sent in ledger.kept:
        _count_kept(stand, sent, outcome)
    for sent in ledger.poison:
        told = _told(stand, f"/v1/images/{sent.image_id}")
        if told.get("state") == "rejected" and told.get("reason"):
            outcome.rejected += 1
        else:
            outcome.lost += 1
            outcome.problems.append(f"the picture that kills: {told}")
    for sent in ledger.removed:
        if _finds(stand, sent):
            outcome.came_back += 1
            outcome.problems.append(f"removed, and found by a search: {sent}")
    _count_events(stand, ledger, outcome)
    _count_letters(stand, letters_before, outcome)
    _count_differences(stand, outcome)
    return outcome


def letters(stand: Stand) -> int:
    with stand.database("gateway") as database, database.read() as session:
        return session.execute(select(func.count()).select_from(DeadLetter)).scalar_one()


def count_index(stand: Stand, ledgers: Iterable[tuple[Outcome, Sequence[Sent], Sequence[Sent]]]) -> None:
    """Hold all points of the index against all that is to be in it: `ledgers` has, of each row, what is to be there and
    what was removed or rejected."""
    points = Counter(stand.points())
    for outcome, kept, gone in ledgers:
        missing = [sent for sent in kept if not points[sent.image_id]]
        twice = [sent for sent in kept if points[sent.image_id] > 1]
        back = [sent for sent in gone if points[sent.image_id]]
        outcome.lost += len(missing)
        outcome.twice += len(twice)
        outcome.came_back += len(back)
        for words, those in (("not in the index", missing), ("twice in it", twice), ("again in it", back)):
            outcome.problems += [f"{words}: {sent}" for sent in those]
        for sent in (*kept, *gone):
            del points[sent.image_id]
    assert not points, f"the index holds pictures that no shop sent: {points}"


def _count_kept(stand: Stand, sent: Sent, outcome: Outcome) -> None:
    told = _told(stand, f"/v1/images/{sent.image_id}")
    images = _told(stand, f"/v1/items/{sent.sku}").get("images", [])
    if len(images) > 1:
        outcome.twice += 1
        outcome.problems.append(f"the item has {len(images)} pictures: {sent}")
    if told.get("state") == "rejected" and told.get("reason"):
        outcome.rejected += 1
        outcome.problems.append(f"a good picture was rejected: {sent}: {told['reason']}")
    elif told.get("state") == "indexed" and _finds(stand, sent):
        outcome.searchable += 1
    else:
        outcome.lost += 1
        outcome.problems.append(f"neither searchable nor rejected: {sent}: {told}")


def _count_events(stand: Stand, ledger: Ledger, outcome: Outcome) -> None:
    with stand.database("recommender") as database, database.read() as session:
        ids = Counter(session.execute(select(Event.event_id).where(Event.event_id.in_(ledger.events))).scalars())
    outcome.recorded += len(ids)
    outcome.lost += len(ledger.events) - len(ids)
    outcome.twice += sum(times > 1 for times in ids.values())
    if outcome.recorded < outcome.events:
        outcome.problems.append("events were accepted and not recorded")


def _count_letters(stand: Stand, before: int, outcome: Outcome) -> None:
    with stand.database("gateway") as database, database.read() as session:
        reasons = session.execute(select(DeadLetter.source, DeadLetter.reason).order_by(DeadLetter.at)).all()[before:]
    outcome.dead_letters = len(reasons)
    outcome.unexplained = sum(not reason for _, reason in reasons)
    outcome.reasons.update(f"{source}: {reason.splitlines()[0][:100]}" for source, reason in reasons if reason)


def _count_differences(stand: Stand, outcome: Outcome) -> None:
    """What a comparison of catalogue, object store and index finds."""
    started = stand.http.post("/v1/admin/reconcile").json()["run"]

    def finished() -> Any:
        report = _asked(stand, "/v1/admin/reconcile")
        return report and report["run"] >= started and report["finished_at"]

    until(finished, "the stores are compared", SETTLED_SECONDS, 0.05)
    found: dict[str, int] = _told(stand, "/v1/admin/reconcile")["found"]
    outcome.found = sum(found.values())
    if found:
        outcome.problems.append(f"the stores differed: {found}")


def _finds(stand: Stand, sent: Sent) -> bool:
    """Whether a search for the picture itself finds its item, once searches are answered."""
    answers: list[httpx.Response] = []

    def answered() -> bool:
        answers.append(stand.http.post("/v1/search", files={"image": ("a.jpg", sent.bytes, "image/jpeg")}))
        return answers[-1].status_code != httpx.codes.SERVICE_UNAVAILABLE

    until(answered, "searches are answered", SETTLED_SECONDS, every=0.5)
    found = answers[-1].raise_for_status().json()
    return any(one["sku"] == sent.sku for one in found["results"] or found["suggestions"])


def _told(stand: Stand, path: str) -> dict[str, Any]:
    told: dict[str, Any] = stand.http.get(path).json()
    return told


def _asked(stand: Stand, path: str) -> Any:
    """None while the gateway cannot tell."""
    try:
        answer = stand.http.get(path)
    except httpx.TransportError:
        return None
    return answer.json() if answer.is_success else None
