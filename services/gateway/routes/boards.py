"""Boards: pictures, pieces and words that somebody gathers, to look at, to search by and to share."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Body, Query, Request, Response, Security
from fastapi.openapi.models import Example
from fastapi.security import SecurityScopes

from services.gateway.access import BEARER, PROBLEMS, Gateway, Given, Reader, Teller, caller_of, problems
from services.gateway.boards.keeping import entries_of
from services.gateway.boards.querying import query_of_board
from services.gateway.cursors import place_of
from services.gateway.queries import Query as Asked
from services.gateway.query_vectors import read_photos
from services.gateway.routes.addressed import SHOWN_ANSWERS, NoneMatch, Width, shown
from services.gateway.routes.forms import form, form_of
from services.gateway.searching import search
from services.gateway.spoken import Spoken
from shared.contracts.api import Problem
from shared.contracts.boards import (
    Board,
    BoardId,
    BoardIn,
    BoardList,
    BoardPicture,
    BoardResults,
    BoardSearch,
    PictureId,
    SharedBoard,
    ShareId,
)

router = APIRouter(prefix="/v1/boards", tags=["boards"])
public = APIRouter(prefix="/public/boards", tags=["boards"])
_NEW: dict[str, Example] = {
    "board": {
        "summary": "Like these two, less like the third",
        "value": {
            "title": "Spring",
            "entries": [
                {"sku": "RING-1"},
                {"words": "rose gold, leaves", "weight": 0.5},
                {"sku": "RING-2", "negative": True, "weight": 0.5},
            ],
        },
    }
}


@router.post(
    "", summary="Begin a board", status_code=201, response_model_exclude_none=True, responses=problems(409, 413)
)
def post_board(
    body: Annotated[BoardIn, Body(openapi_examples=_NEW)], caller: Teller, gateway: Gateway, response: Response
) -> Board:
    """For who looks for ideas: the page may, and a key with the scope `events`. A shop has up to 200 boards."""
    row = gateway.boards.add(caller.tenant, body)
    response.headers["Location"] = f"/v1/boards/{row.board_id}"
    return gateway.showing.board(row)


@router.get("", summary="All boards", response_model_exclude_none=True, responses=problems())
def get_boards(caller: Reader, gateway: Gateway) -> BoardList:
    """The one changed last first."""
    return gateway.showing.all(caller.tenant, gateway.boards.list(caller.tenant))


@router.get("/{board_id:before_verb}", summary="A board", response_model_exclude_none=True, responses=problems(404))
def get_board(board_id: BoardId, caller: Reader, gateway: Gateway) -> Board:
    return gateway.showing.board(gateway.boards.get(caller.tenant, board_id))


@router.put(
    "/{board_id:before_verb}", summary="Change a board", response_model_exclude_none=True, responses=problems(404, 413)
)
def put_board(
    board_id: BoardId, body: Annotated[BoardIn, Body(openapi_examples=_NEW)], caller: Teller, gateway: Gateway
) -> Board:
    """The body replaces all that is on it. A picture that no entry names any more goes within two days."""
    return gateway.showing.board(gateway.boards.put(caller.tenant, board_id, body))


@router.delete("/{board_id:before_verb}", summary="Erase a board", status_code=204, responses=problems(404))
def delete_board(board_id: BoardId, caller: Teller, gateway: Gateway) -> None:
    """With all pictures that were uploaded to it, and its address if it was shared."""
    gateway.boards.remove(caller.tenant, board_id)
    gateway.board_pictures.erase(caller.tenant, board_id)


@router.post(
    "/{board_id}/pictures",
    summary="Upload a picture to a board",
    status_code=201,
    responses=problems(400, 404, 409, 413, 415, 503),
    openapi_extra=form("image"),
)
async def post_board_picture(board_id: BoardId, request: Request, caller: Teller, gateway: Gateway) -> BoardPicture:
    """Kept without faces, and without what its file told of places and cameras. It belongs to nothing that the shop
    sells, and is searched by only with its board. Then name it in an entry."""
    await asyncio.to_thread(gateway.boards.get, caller.tenant, board_id)
    with await form_of(request, "image") as sent:
        (photo,) = await asyncio.to_thread(read_photos, sent.pictures, gateway.inspect)
    picture_id = await gateway.board_pictures.add(caller.tenant, board_id, photo.data)
    url = gateway.signer.board_picture_url(caller.tenant, board_id, picture_id)
    return BoardPicture(picture_id=picture_id, image_url=url)


@router.get(
    "/{board_id}/pictures/{picture_id}",
    summary="A picture of a board",
    response_class=Response,
    responses={**SHOWN_ANSWERS, **problems(404)},
)
async def get_board_picture(
    board_id: BoardId,
    picture_id: PictureId,
    request: Request,
    gateway: Gateway,
    given: Annotated[Given, Security(BEARER, scopes=["read"])],
    expires: int | None = None,
    signature: Annotated[str | None, Query(max_length=200)] = None,
    width: Width = None,
    none_match: NoneMatch = None,
) -> Response:
    """With a key, or by a signed address as in `image_url`, which needs none for a day: for an <img>. `&width=` may be
    added to such an address."""
    signed = bool(expires and signature)
    tenant = (
        gateway.signer.board_picture_tenant(board_id, picture_id, expires or 0, signature or "") if signed else None
    )
    tenant = tenant or (await caller_of(request, gateway, given, SecurityScopes(["read"]))).tenant
    data = await asyncio.to_thread(gateway.board_pictures.get, tenant, board_id, picture_id)
    return await shown(gateway, tenant, data, width, none_match)


@router.post("/{board_id}:share", summary="Share a board", response_model_exclude_none=True, responses=problems(404))
def share_board(board_id: BoardId, caller: Teller, gateway: Gateway) -> Board:
    """By `share_url`, which nobody can guess: whoever has it may look, and sees neither SKUs nor prices. Again: the
    same address."""
    return gateway.showing.board(gateway.boards.share(caller.tenant, board_id))


@router.post(
    "/{board_id}:unshare", summary="Share a board no more", response_model_exclude_none=True, responses=problems(404)
)
def unshare_board(board_id: BoardId, caller: Teller, gateway: Gateway) -> Board:
    """Its address leads nowhere from now on. Pictures that somebody has open are shown to them for up to a day."""
    return gateway.showing.board(gateway.boards.unshare(caller.tenant, board_id))


@router.post(
    "/{board_id}:search",
    summary="Find pieces by a board",
    response_model_exclude_none=True,
    responses=problems(400, 404, 409, 413, 503),
)
async def search_by_board(
    board_id: BoardId, body: BoardSearch, caller: Reader, gateway: Gateway, language: Spoken
) -> BoardResults:
    """Like all of its entries at once, each by its weight, and unlike the negative ones: by the 8 heaviest, of them up
    to 4 uploaded pictures. 409: there is nothing on it to search by."""

    def read() -> tuple[Asked, list[int]]:
        row = gateway.boards.get(caller.tenant, board_id)
        shown = {one.sku for one in gateway.showing.board(row).entries if one.sku and not one.gone}
        return query_of_board(
            entries_of(row),
            body,
            lambda picture_id: gateway.board_pictures.get(caller.tenant, board_id, picture_id),
            shown.__contains__,
        )

    query, used = await asyncio.to_thread(read)
    place = place_of(gateway.signer, body.cursor, "search", caller.tenant, *query.scope)
    answer = await search(gateway, caller.tenant, query, place, language)
    return BoardResults(**answer.__dict__, used=used)


@public.get(
    "/{share_id}",
    summary="A board that somebody shared",
    response_model_exclude_none=True,
    responses={status: {"model": Problem, "description": PROBLEMS[status]} for status in (404, 422)},
)
def get_shared_board(share_id: ShareId, gateway: Gateway) -> SharedBoard:
    """For whoever has its address; the page at `/boards/{share_id}` shows it."""
    return gateway.showing.shared(gateway.boards.shared(share_id))
