"""Which pictures of other shops are worth a closer look, of those that the gallery proposes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from services.authenticity.copies.degrees import Alike
from services.authenticity.copies.pieces import Seen, alike, seen
from services.authenticity.copies.tables import WatchedRow


@dataclass(frozen=True, slots=True)
class Pair:
    """A picture of another shop, how much it is like the one in question, and by which piece of either."""

    picture: WatchedRow
    how: Alike
    mine: Seen
    theirs: Seen

    @property
    def nearness(self) -> float:
        """Of looks and of pictures what is more alike: 0.75 of both is where a closer look begins to be worth it."""
        return max(self.how.cosine, 1 - self.how.bits / 48)


def worth_checking(session: Session, row: WatchedRow, mine: Sequence[Seen], numbers: Sequence[int]) -> list[Pair]:
    """The nearest first; of each item or reference of another shop its nearest picture. Two references are never held
    against each other: neither of their owners would learn of the other's by any right."""
    by_picture: dict[tuple[str, str], list[Seen]] = defaultdict(list)
    for one in seen(session, numbers):
        if one.entry.tenant != row.tenant:
            by_picture[one.entry.tenant, one.subject].append(one)
    pictures = _pictures(session, list(by_picture))
    best: dict[tuple[str, str | None, str | None], Pair] = {}
    for key, theirs in by_picture.items():
        picture = pictures.get(key)
        if picture is None or (picture.reference_id and row.reference_id):
            continue
        pair = Pair(picture, *alike(mine, theirs))
        thing = picture.tenant, picture.reference_id, picture.sku
        if pair.how.worth_checking and (thing not in best or pair.nearness > best[thing].nearness):
            best[thing] = pair
    return sorted(best.values(), key=lambda pair: -pair.nearness)


def _pictures(session: Session, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], WatchedRow]:
    wanted = select(WatchedRow).where(tuple_(WatchedRow.tenant, WatchedRow.subject).in_(keys))
    found = session.scalars(wanted.where(WatchedRow.state != "gone"))
    return {(row.tenant, row.subject): row for row in found} if keys else {}
