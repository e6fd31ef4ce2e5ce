"""What was found is noted once a pair, and told; where a shop let somebody show a piece, it is not."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, cast
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from services.authenticity.copies import thresholds
from services.authenticity.copies.degrees import stronger
from services.authenticity.copies.tables import AllowedRow, LookalikeRow, WatchedRow
from services.authenticity.copies.telling import tell
from shared import times
from shared.contracts.analysis import Box
from shared.contracts.lookalikes import CopySide, Degree, Evidence, Finding, LookalikeThreshold, OtherSide

_DIALECTS: dict[str, Any] = {"postgresql": postgresql, "sqlite": sqlite}
_RIGHT = ("confirmed", "allowed")
_MOST_DECISIONS = 1_000
"""Of a shop, the newest: what it decided years ago says little of what is found now."""


@dataclass(frozen=True, slots=True)
class Side:
    """A picture that was compared, and where in it the common part is."""

    picture: WatchedRow
    box: Box

    @property
    def own(self) -> str:
        """The item, or the reference, that the picture is of."""
        return self.picture.reference_id or str(self.picture.sku)

    def told(self) -> dict[str, Any]:
        """As `CopySide` has it."""
        of_item = self.picture.reference_id is None
        return {
            "sku": self.picture.sku if of_item else None,
            "image_id": self.picture.subject if of_item else None,
            "reference_id": self.picture.reference_id,
            "view": self.picture.view,
            "sha256": None if of_item else self.picture.sha256,
            "box": self.box.model_dump(),
        }


def note(session: Session, own: Side, other: Side, found: Finding) -> bool:
    """Note it for the shop of `own` and have it told, if it is new there, over its threshold, and not let pass.

    Of a pair of things that is known a stronger degree takes the weaker's place while nobody has decided, and nobody is
    told again. Whether the shop is told.
    """
    tenant, shop = own.picture.tenant, other.picture.tenant
    if found.score < of_shop(session, tenant, found.evidence).threshold:
        return False
    if session.get(AllowedRow, (tenant, own.own, shop)):
        return False
    pair = hashlib.sha256("\n".join((own.own, shop, other.own)).encode()).hexdigest()
    values = _values(own, other, found)
    row = {"tenant": tenant, "pair": pair, "lookalike_id": f"like_{uuid4().hex}", "state": "open", **values}
    insert = _DIALECTS[session.get_bind().dialect.name].insert(LookalikeRow)
    unless_known = insert.values(row).on_conflict_do_nothing().returning(LookalikeRow.number)
    new = session.connection().execute(unless_known).scalar_one_or_none() is not None
    which = select(LookalikeRow).where(LookalikeRow.tenant == tenant, LookalikeRow.pair == pair)
    known = session.scalars(which.with_for_update()).one()
    if new:
        tell(session, known)
        return True
    again = known.other_tenant is None
    if again or (known.state == "open" and stronger(found.degree, cast(Degree, known.degree))):
        for name, value in values.items():
            if name != "found_at":
                setattr(known, name, value)
    return False


def of_shop(session: Session, tenant: str, evidence: Evidence) -> LookalikeThreshold:
    """The shop's threshold after its newest decisions."""
    ours = (LookalikeRow.tenant == tenant, LookalikeRow.evidence == evidence, LookalikeRow.state != "open")
    decided = select(LookalikeRow.score, LookalikeRow.state).where(*ours)
    newest = decided.order_by(LookalikeRow.decided_at.desc(), LookalikeRow.number.desc()).limit(_MOST_DECISIONS)
    return thresholds.threshold(evidence, [(score, state in _RIGHT) for score, state in session.execute(newest)])


def _values(own: Side, other: Side, found: Finding) -> dict[str, Any]:
    shop = other.picture.tenant
    return {
        "degree": found.degree,
        "evidence": found.evidence,
        "score": found.score,
        "edits": list(found.edits),
        "own_subject": own.picture.subject,
        "own": CopySide.model_validate(own.told()).model_dump(mode="json", exclude_none=True),
        "other_tenant": shop,
        "other_subject": other.picture.subject,
        "other": OtherSide.model_validate({**other.told(), "shop": shop}).model_dump(mode="json", exclude_none=True),
        "found_at": times.now(),
    }
