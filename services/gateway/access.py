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
from services.gateway.catalogue import Catalogue
from services.gateway.corrections import Corrections
from services.gateway.imports.jobs import Imports
from services.gateway.impressions import Impressions
from services.gateway.incoming import Incoming
from services.gateway.kept_answers import KeptAnswers
from services.gateway.listing import Listing
from services.gateway.outward import Outward
from services.gateway.people.erasures import Erasures
from services.gateway.people.exports import Exports
from services.gateway.people.receipts import Receipts
from services.gateway.query_vectors import QueryVectors
from services.gateway.ratelimit import RateLimiter
from services.gateway.reconcile import Reconciler
from services.gateway.shoppers import Shoppers
from services.gateway.signing import Signer
from services.gateway.stock import Stock
from services.gateway.uploads import Uploads
from services.gateway.upstream import Embedder, Indexer, Recommender
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
    api_keys: ApiKeys
    uploads: Uploads
    shoppers: Shoppers
    stock: Stock
    incoming: Incoming
    corrections: Corrections
    keys: Keys
    answers: KeptAnswers
    sessions: PageSessions
    limiter: RateLimiter
    signer: Signer
    pictures: ObjectStore
    analyses: ObjectStore
    embedder: Embedder
    recommender: Recommender
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
    erasures: Erasures
    exports: Exports
    receipts: Receipts


BEARER = HTTPBearer(
    auto_error=False,
    description="An API key of your shop, with the scope that the call names: read, write, events, admin.",
)


async def _parts(request: Request) -> Parts:  # a plain function would cost a thread
    return cast(Parts, request.app.state.parts)


Gateway = Annotated[Parts, Depends(_parts)]
Given = HTTPAuthorizationCredentials | None
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
    return Forbidden(
        f"This needs a key with the scope {scopes}. {who} Who runs Loupe makes one: `loupe key add {caller.tenant} "
        f"{options} --name NAME`; a key with the scope admin makes others by POST /v1/admin/keys.",
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


def problems(*statuses: int) -> dict[int | str, dict[str, object]]:
    """The OpenAPI entry of the failures that a route tells, besides those of every route with a key.

    Those of every route with a body are added by `show_contract`.
    """
    told = (401, 403, 422, 429, 503, *statuses)
    return {status: {"model": Problem, "description": PROBLEMS[status]} for status in told}


PROBLEMS = {
    400: "The request cannot be read",
    401: "The API key is missing or wrong",
    403: "The API key lacks the scope that this needs",
    404: "There is no such thing in this shop",
    409: "It disagrees with what is stored, or with what was sent with the same `Idempotency-Key`",
    412: "What `If-Match` or `If-None-Match` asks for does not hold; nothing was changed",
    413: "The body is too large, or the picture is over 50 megapixels",
    415: "The body is not of a type that this takes, or the bytes are no picture that Loupe reads",
    422: "A value breaks the contract; `errors` says which",
    429: "The key sent too many requests; `Retry-After` says when to go on",
    503: "A part of Loupe cannot be reached right now; try again",
}
