"""The pages: static files, and a session for who opens them on this machine; the contract at `/docs`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import fastapi_offline
from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response

from services.gateway.access import Gateway, Parts
from services.gateway.auth import COOKIE
from services.gateway.shielding import PAGE, TRY_ON

FILES = Path(__file__).parent.parent / "page"
SWAGGER_UI = Path(fastapi_offline.__file__).parent / "static"
"""Swagger UI as that package carries it: FastAPI's own `/docs` takes it from another host."""

router = APIRouter(include_in_schema=False)


@router.get("/")
def page(request: Request, gateway: Gateway) -> Response:
    return _with_session("index.html", request, gateway)


@router.get("/inventory")
def inventory(request: Request, gateway: Gateway) -> Response:
    return _with_session("inventory.html", request, gateway)


@router.get("/references")
def references(request: Request, gateway: Gateway) -> Response:
    return _with_session("references.html", request, gateway)


@router.get("/lookalikes")
def lookalikes(request: Request, gateway: Gateway) -> Response:
    return _with_session("lookalikes.html", request, gateway)


@router.get("/shop")
def shop(request: Request, gateway: Gateway) -> Response:
    return _with_session("shop.html", request, gateway)


@router.get("/label")
def label(request: Request, gateway: Gateway) -> Response:
    return _with_session("label.html", request, gateway)


@router.get("/inspire")
def inspire(request: Request, gateway: Gateway) -> Response:
    return _with_session("inspire.html", request, gateway)


@router.get("/boards/{share_id}")
def shared_board(share_id: str) -> Response:  # noqa: ARG001 - the page reads it from its own address
    """Whoever has the address is shown the board, and gets no session by it."""
    return FileResponse(FILES / "board.html", headers=PAGE)


@router.get("/try-on")
def try_on(request: Request, gateway: Gateway) -> Response:
    return _with_session("try-on.html", request, gateway, TRY_ON)


def _with_session(file: str, request: Request, gateway: Parts, told: Mapping[str, str] = PAGE) -> Response:
    response = FileResponse(FILES / file, headers=told)
    if cookie := gateway.sessions.cookie(request.headers):
        response.set_cookie(COOKIE, cookie, httponly=True, samesite="strict", secure=request.url.scheme == "https")
    return response


@router.get("/docs")
def docs() -> Response:
    return FileResponse(FILES / "docs.html", headers=PAGE)
