"""What every route may use, and who may call it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from services.gateway.auth import COOKIE, Caller, Keys, PageSessions
from services.gateway.catalogue import Catalogue
from services.gateway.listing import Listing
from services.gateway.signing import Signer
from services.gateway.upstream import Embedder, Recommender
from shared.contracts.api import Problem
from shared.errors import Unauthorized
from shared.messaging import Broker
from shared.objectstore import ObjectStore


@dataclass(frozen=True)
class Parts:
    """What `main.build` composed."""

    catalogue: Catalogue
    listing: Listing
    keys: Keys
    sessions: PageSessions
    signer: Signer
    pictures: ObjectStore
    analyses: ObjectStore
    embedder: Embedder
    recommender: Recommender
    broker: Broker


BEARER = HTTPBearer(auto_error=False, description="An API key of your shop: `loupe tenant add NAME` prints one.")


def _parts(request: Request) -> Parts:
    return cast(Parts, request.app.state.parts)


Gateway = Annotated[Parts, Depends(_parts)]


async def caller_of(
    request: Request, gateway: Gateway, given: Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)]
) -> Caller:
    """Raises `Unauthorized` for who has neither a key nor the page's session."""
    if given is None:
        return gateway.sessions.caller(request.headers, request.cookies.get(COOKIE))
    tenant = gateway.keys.recent(given.credentials)
    if tenant is None:
        tenant = await asyncio.to_thread(gateway.keys.look_up, given.credentials)
    return Caller(tenant, by_key=True)


Reader = Annotated[Caller, Depends(caller_of)]
"""Holds a key, or is the page."""


async def _writer(caller: Reader) -> Caller:
    if not caller.by_key:
        raise Unauthorized("The page may look and search; to change the catalogue, send an API key as Bearer token.")
    return caller


Writer = Annotated[Caller, Depends(_writer)]
"""Holds a key."""


def problems(*statuses: int) -> dict[int | str, dict[str, object]]:
    """The OpenAPI entry of the failures that a route tells."""
    return {status: {"model": Problem, "description": _DESCRIPTIONS[status]} for status in (401, 422, *statuses)}


_DESCRIPTIONS = {
    400: "The request cannot be read",
    401: "The API key is missing or wrong",
    404: "There is no such thing in this shop",
    413: "The picture is over 20 MB or 50 megapixels",
    415: "The bytes are no picture that Loupe reads",
    422: "A value breaks the contract; `errors` says which",
    503: "A part of Loupe cannot be reached right now; try again",
}
