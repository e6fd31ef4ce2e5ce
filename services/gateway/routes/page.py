"""The pages: static files, and a session for who opens them on this machine; the contract at `/docs`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import fastapi_offline
from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response

from services.gateway.access import Gateway
from services.gateway.auth import COOKIE
from services.gateway.shielding import FIND, PAGE, SOLID, TRY_ON

FILES = Path(__file__).parent.parent / "page"
SWAGGER_UI = Path(fastapi_offline.__file__).parent / "static"
"""Swagger UI as that package carries it: FastAPI's own `/docs` takes it from another host."""

VIEWS: Mapping[str, str] = {
    "/": "index.html",
    "/inventory": "inventory.html",
    "/references": "references.html",
    "/lookalikes": "lookalikes.html",
    "/shop": "shop.html",
    "/label": "label.html",
    "/inspire": "inspire.html",
    "/try-on": "try-on.html",
    "/in-3d": "in-3d.html",
}
"""What opens a session for who looks at it on this machine: path and file."""
_TOLD = {"/": FIND, "/try-on": TRY_ON, "/in-3d": SOLID}

router = APIRouter(include_in_schema=False)


def _view(file: str, told: Mapping[str, str]) -> Callable[..., Response]:
    def view(request: Request, gateway: Gateway) -> Response:
        response = FileResponse(FILES / file, headers=told)
        if cookie := gateway.sessions.cookie(request.headers):
            response.set_cookie(COOKIE, cookie, httponly=True, samesite="strict", secure=request.url.scheme == "https")
        return response

    return view


for _path, _file in VIEWS.items():
    router.add_api_route(_path, _view(_file, _TOLD.get(_path, PAGE)))


@router.get("/boards/{share_id}")
def shared_board(share_id: str) -> Response:  # noqa: ARG001 - the page reads it from its own address
    """Whoever has the address is shown the board, and gets no session by it."""
    return FileResponse(FILES / "board.html", headers=PAGE)


@router.get("/docs")
def docs() -> Response:
    return FileResponse(FILES / "docs.html", headers=PAGE)
