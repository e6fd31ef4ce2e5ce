"""What every route may use, and who may call it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes

from services.gateway import ratelimit
from services.gateway.api_keys import ApiKeys
from services.gateway.auth import COOKIE, Caller, Keys, PageSessions
from services.gateway.backlog import Backlog
from services.gateway.boards.keeping import Boards
from services.gateway.boards.pictures import BoardPictures
from services.gateway.boards.showing import Showing
from services.gateway.catalogue import Catalogue
from services.gateway.corrections import Corrections
from services.gateway.cutouts import CutOuts
from services.gateway.imports.jobs import Imports
from services.gateway.impressions import Impressions
from services.gateway.incoming import Incoming
from services.gateway.inventory.movements import Movements
from services.gateway.kept_answers import KeptAnswers
from services.gateway.labelling import Labelling
from services.gateway.listing import Listing
from services.gateway.outward import Outward
from services.gateway.people.erasures import Erasures
from services.gateway.people.exports import Exports
from services.gateway.people.receipts import Receipts
from services.gateway.pictures import Inspector
from services.gateway.query_photos import QueryPhotos
from services.gateway.query_vectors import QueryVectors
from services.gateway.quotas import Quotas
from services.gateway.ratelimit import RateLimiter
from services.gateway.reconcile import Reconciler
from services.gateway.renditions import Renditions
from services.gateway.shoppers import Shoppers
from services.gateway.signing import Signer
from services.gateway.smaller import SmallerPictures
from services.gateway.stock import Stock
from services.gateway.uploads import Uploads
from services.gateway.upstream import Authenticity, Embedder, Indexer, Inventory, Recommender
from services.gateway.vocabularies import Vocabularies
from services.gateway.webhooks.deliveries import Deliveries
from services.gateway.webhooks.registry import Webhooks
from shared.contracts.api import Problem
from shared.errors import Forbidden
from shared.messaging import Broker
from shared.objectstore import ObjectStore


@dataclass(frozen=True)
class Parts:
    """What `main.build` composed."""

    catalogue: Catalogue
    listing: Listing
    labelling: Labelling
    api_keys: ApiKeys
    uploads: Uploads
    shoppers: Shoppers
    stock: Stock
    movements: Movements
    inventory: Inventory
    authenticity: Authenticity
    incoming: Incoming
    corrections: Corrections
    keys: Keys
    answers: KeptAnswers
    sessions: PageSessions
    limiter: RateLimiter
    quotas: Quotas
    signer: Signer
    pictures: ObjectStore
    analyses: ObjectStore
    embedder: Embedder
    recommender: Recommender
    inspect: Inspector
    vectors: QueryVectors
    vocabularies: Vocabularies
    impressions: Impressions
    indexer: Indexer
    broker: Broker
    reconciler: Reconciler
    outward: Outward
    webhooks: Webhooks
    deliveries: Deliveries
    imports: Imports
    renditions: Renditions
    photos: QueryPhotos
    cut_outs: CutOuts
    smaller: SmallerPictures
    backlog: Backlog
    boards: Boards
    board_pictures: BoardPictures
    showing: Showing
    erasures: Erasures
    exports: Exports
    receipts: Receipts


BEARER = HTTPBearer(
    auto_error=False,
    description="An API key of your shop, with the scope that the call names: read, write, events, admin, operator.",
)


async def _parts(request: Request) -> Parts:  # a plain function would cost a thread
    return cast(Parts, request.app.state.parts)


Gateway = Annotated[Parts, Depends(_parts)]
Given = HTTPAuthorizationCredentials | None


async def _room_for_pictures(gateway: Gateway) -> None:
    gateway.backlog.check_pictures()


async def _room_for_changes(gateway: Gateway) -> None:
    gateway.backlog.check_changes()


BRINGS_PICTURES = [Depends(_room_for_pictures)]
"""Of a route whose pictures are refused, before their bytes are read, while too many wait for their outcome."""

CHANGES = [Depends(_room_for_changes)]
"""Of a route whose change is refused while far too much waits for its outcome."""

_CALLER, _NEEDED = "caller", "needed_scopes"


async def caller_of(
    request: Request, gateway: Gateway, given: Annotated[Given, Security(BEARER)], needed: SecurityScopes
) -> Caller:
    """Who asks, counted against their rate limit.

    Raises `Unauthorized` for who has neither a key nor the page's session, `TooManyRequests` over the limit, and
    `Forbidden` for a key without the scopes that the route needs.
    """
    caller = await admitted(request, gateway, given)
    request.scope["state"][_NEEDED] = sorted(needed.scopes)
    missing = sorted(set(needed.scopes) - caller.scopes)
    if missing:
        raise _lacks(missing, caller)
    return caller


async def admitted(request: Request, gateway: Parts, given: Given) -> Caller:
    """Who asks. Counts the request against their rate limit, once, however often it is asked for.

    Raises `Unauthorized` for who has neither a key nor the page's session, and `TooManyRequests` over the limit.
    """
    state = request.scope["state"]
    if known := state.get(_CALLER):
        return cast(Caller, known)
    caller = await _identify(request, gateway, given)
    standing = await gateway.limiter.count(caller.key_id or f"page-{caller.tenant}", caller.rate_limit)
    ratelimit.keep(request.scope, standing)
    ratelimit.check(standing)
    if caller.daily_limit is not None:
        of_shop = await gateway.limiter.count_day(caller.tenant, caller.daily_limit)
        ratelimit.keep(request.scope, standing, of_shop)
        ratelimit.check(of_shop)
    state[_CALLER] = caller
    return caller


def needed_scopes(request: Request) -> list[str]:
    """Those that the route asked for; none while it has not been asked."""
    return cast(list[str], request.scope["state"].get(_NEEDED, []))


async def _identify(request: Request, gateway: Parts, given: Given) -> Caller:
    if given is None:
        return gateway.sessions.caller(request.headers, request.cookies.get(COOKIE))
    known = gateway.keys.recent(given.credentials)
    return known if known else await asyncio.to_thread(gateway.keys.look_up, given.credentials)


def _lacks(missing: list[str], caller: Caller) -> Forbidden:
    scopes = " and ".join(missing)
    held = ", ".join(sorted(caller.scopes))
    who = f"This key has {held}." if caller.key_id else "The page may look, search and tell what shoppers did."
    options = " ".join(f"--scope {scope}" for scope in missing)
    others = "" if "operator" in missing else "; a key with the scope admin makes others by POST /v1/admin/keys"
    return Forbidden(
        f"This needs a key with the scope {scopes}. {who} Who runs Loupe makes one: `loupe key add {caller.tenant} "
        f"{options} --name NAME`{others}.",
        headers={"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{" ".join(missing)}"'},
    )


Reader = Annotated[Caller, Security(caller_of, scopes=["read"])]
"""May look and search; so may the page."""

Writer = Annotated[Caller, Security(caller_of, scopes=["write"])]
"""May change the catalogue."""

Teller = Annotated[Caller, Security(caller_of, scopes=["events"])]
"""May tell what shoppers did; so may the page."""

Admin = Annotated[Caller, Security(caller_of, scopes=["admin"])]
"""May administer the shop."""

Operator = Annotated[Caller, Security(caller_of, scopes=["operator"])]
"""May operate what all shops of the installation share."""


def problems(*statuses: int) -> dict[int | str, dict[str, object]]:
    """The OpenAPI entry of the failures that a route tells, besides those of every route with a key.

    Those of every route with a body are added by `show_contract`.
    """
    told = (401, 403, 422, 429, 503, *statuses)
    return {status: {"model": Problem, "description": PROBLEMS[status]} for status in told}


PROBLEMS = {
    400: "The request cannot be read",
    401: "The API key is missing or wrong",
    403: "The API key lacks the scope that this needs, or the shop's quota is used up; `type` says which",
    404: "There is no such thing in this shop",
    408: "The body did not come in time; send it again",
    409: "It disagrees with what is stored, or with what was sent with the same `Idempotency-Key`",
    412: "What `If-Match` or `If-None-Match` asks for does not hold; nothing was changed",
    413: "The body is too large, or the picture is over 50 megapixels",
    415: "The body is not of a type that this takes, or the bytes are no picture that Loupe reads",
    422: "A value breaks the contract; `errors` says which",
    429: "The key, or its shop on this day, sent too many requests; `Retry-After` says when to go on",
    503: "A part of Loupe cannot be reached right now, or it has more work than it takes at once; `Retry-After` says "
    "when to try again",
}
