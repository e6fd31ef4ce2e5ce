"""Copies found: by consent of both shops, a queue in which a person says what they are."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from services.gateway.access import Admin, Gateway, Parts, Reader, Writer, problems
from services.gateway.auth import Caller
from services.gateway.lookalikes import show
from shared.contracts.fields import MAX_LIMIT
from shared.contracts.lookalikes import (
    ConsentSaid,
    Decision,
    DecisionSaid,
    Degree,
    Lookalike,
    LookalikeConsent,
    LookalikeId,
    LookalikePage,
    LookalikeState,
    LookalikeThresholds,
)

router = APIRouter(prefix="/v1/lookalikes", tags=["lookalikes"])
_Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]
_Cursor = Annotated[str | None, Query(max_length=500, description="next_cursor of the page before")]


@router.get("", summary="What looks like this shop's", response_model_exclude_none=True, responses=problems(400))
async def get_lookalikes(
    caller: Reader,
    gateway: Gateway,
    state: LookalikeState | None = None,
    degree: Degree | None = None,
    limit: _Limit = 20,
    cursor: _Cursor = None,
) -> LookalikePage:
    """The review queue, the newest first; `state=open` is what nobody has decided. Each pair of things is in it once.
    Empty unless this shop consents: see `PUT /v1/lookalikes/consent`."""
    scope = ("lookalikes", caller.tenant, state or "", degree or "")
    before = gateway.signer.position(cursor, *scope) if cursor else None
    asked = {"tenant": caller.tenant, "before": before, "limit": limit, "state": state, "degree": degree}
    page = await gateway.authenticity.ask("/lookalikes", LookalikePage, **asked)
    for one in page.lookalikes:
        show(gateway.signer, caller.tenant, one)
    if page.next_cursor:
        page.next_cursor = gateway.signer.cursor(page.next_cursor, *scope)
    return page


@router.get(
    "/consent",
    summary="Whether this shop's pictures are compared with others'",
    response_model_exclude_none=True,
    responses=problems(),
)
async def get_consent(caller: Reader, gateway: Gateway) -> LookalikeConsent:
    """Without consent nothing of this shop is compared, kept for comparing, or named to another shop."""
    return await gateway.authenticity.ask("/lookalike-consent", LookalikeConsent, tenant=caller.tenant)


@router.put(
    "/consent",
    summary="Consent to be compared, or take it back",
    response_model_exclude_none=True,
    responses=problems(),
)
async def put_consent(said: ConsentSaid, caller: Admin, gateway: Gateway) -> LookalikeConsent:
    """Both shops must consent. Then pictures, and protected designs, of one are compared with the pictures of the
    other, and what is found is told to both with the other's name, item and picture; of a protected design, to its
    owner alone. Taken back it holds at once: what was made for comparing is deleted, and what was found names nobody
    any more, on either side."""
    return await gateway.authenticity.send("PUT", "/lookalike-consent", caller.tenant, LookalikeConsent, said)


@router.get("/thresholds", summary="From which score on this shop hears of something", responses=problems())
async def get_thresholds(caller: Reader, gateway: Gateway) -> LookalikeThresholds:
    """Decisions move them, within bounds: dismissed findings raise one, confirmed and allowed ones lower it."""
    return await gateway.authenticity.ask("/lookalike-thresholds", LookalikeThresholds, tenant=caller.tenant)


@router.get(
    "/{lookalike_id:before_verb}",
    summary="One look-alike",
    response_model_exclude_none=True,
    responses=problems(404),
)
async def get_lookalike(lookalike_id: LookalikeId, caller: Reader, gateway: Gateway) -> Lookalike:
    """404, too, once a picture of it was removed or one of the shops does not consent any more."""
    found = await gateway.authenticity.ask(f"/lookalikes/{lookalike_id}", Lookalike, tenant=caller.tenant)
    return show(gateway.signer, caller.tenant, found)


@router.post(
    "/{lookalike_id}:confirm",
    summary="It is what it looks like",
    response_model_exclude_none=True,
    responses=problems(404),
)
async def confirm_lookalike(lookalike_id: LookalikeId, caller: Writer, gateway: Gateway) -> Lookalike:
    """It stays in the list as `confirmed`; Loupe tells nobody and takes no step. May be decided again."""
    return await _decide(gateway, caller, lookalike_id, "confirmed")


@router.post(
    "/{lookalike_id}:dismiss",
    summary="It is not what it looks like",
    response_model_exclude_none=True,
    responses=problems(404),
)
async def dismiss_lookalike(lookalike_id: LookalikeId, caller: Writer, gateway: Gateway) -> Lookalike:
    """This pair is not told again, and the threshold rises a little. May be decided again."""
    return await _decide(gateway, caller, lookalike_id, "dismissed")


@router.post(
    "/{lookalike_id}:allow",
    summary="The other shop may show it",
    response_model_exclude_none=True,
    responses=problems(404),
)
async def allow_lookalike(lookalike_id: LookalikeId, caller: Writer, gateway: Gateway) -> Lookalike:
    """From now on nothing of that shop is told that looks like this item or design; what of it was open is `allowed`,
    too. Another decision takes that back."""
    return await _decide(gateway, caller, lookalike_id, "allowed")


async def _decide(gateway: Parts, caller: Caller, lookalike_id: str, decision: Decision) -> Lookalike:
    path, said = f"/lookalikes/{lookalike_id}/decision", DecisionSaid(decision=decision)
    decided = await gateway.authenticity.send("POST", path, caller.tenant, Lookalike, said)
    return show(gateway.signer, caller.tenant, decided)
