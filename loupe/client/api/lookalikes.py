"""Copies found: what of other shops looks like what of this one, by consent of both."""

from __future__ import annotations

from loupe.client.calls import Call, Pages, answer, json_body, paged
from shared.contracts.fields import MAX_LIMIT
from shared.contracts.lookalikes import (
    ConsentSaid,
    Degree,
    Lookalike,
    LookalikeConsent,
    LookalikePage,
    LookalikeState,
    LookalikeThresholds,
)

_ONE = "/v1/lookalikes/{lookalike_id}"
_CONSENT = "/v1/lookalikes/consent"


def lookalikes(
    *, state: LookalikeState | None = None, degree: Degree | None = None, page: int = MAX_LIMIT
) -> Pages[Lookalike]:
    """The review queue, the newest first; `state="open"` is what nobody has decided. `page`: how many are fetched at a
    time."""
    return paged(LookalikePage, "lookalikes", "/v1/lookalikes", page, state=state, degree=degree)


def lookalike(lookalike_id: str) -> Call[Lookalike]:
    """One of them, with both pictures."""
    return Call("GET", _ONE, answer(Lookalike), {"lookalike_id": lookalike_id})


def confirm_lookalike(lookalike_id: str) -> Call[Lookalike]:
    """It is what it looks like."""
    return _decided(lookalike_id, "confirm")


def dismiss_lookalike(lookalike_id: str) -> Call[Lookalike]:
    """It is not what it looks like."""
    return _decided(lookalike_id, "dismiss")


def allow_lookalike(lookalike_id: str) -> Call[Lookalike]:
    """The other shop may show this item or design: nothing of the two is told any more."""
    return _decided(lookalike_id, "allow")


def lookalike_consent() -> Call[LookalikeConsent]:
    """Whether this shop's pictures are compared with those of the other shops that consent."""
    return Call("GET", _CONSENT, answer(LookalikeConsent))


def put_lookalike_consent(consents: bool) -> Call[LookalikeConsent]:
    """Consent to be compared and, where something is found, named to the other shop; or take it back."""
    return Call("PUT", _CONSENT, answer(LookalikeConsent), body=json_body(ConsentSaid(consents=consents)))


def lookalike_thresholds() -> Call[LookalikeThresholds]:
    """From which score on this shop hears of something, after all that it decided."""
    return Call("GET", "/v1/lookalikes/thresholds", answer(LookalikeThresholds))


def _decided(lookalike_id: str, verb: str) -> Call[Lookalike]:
    return Call("POST", f"{_ONE}:{verb}", answer(Lookalike), {"lookalike_id": lookalike_id})
