"""The page at `/`: static files, and a session for who opens it on this machine. The contract to read at `/docs`."""

from __future__ import annotations

from pathlib import Path

import fastapi_offline
from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response

from services.gateway.access import Gateway
from services.gateway.auth import COOKIE

FILES = Path(__file__).parent.parent / "page"
SWAGGER_UI = Path(fastapi_offline.__file__).parent / "static"
"""Swagger UI as that package carries it: FastAPI's own `/docs` takes it from another host."""

router = APIRouter(include_in_schema=False)
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@router.get("/")
def page(request: Request, gateway: Gateway) -> Response:
    response = FileResponse(FILES / "index.html", headers=_HEADERS)
    if cookie := gateway.sessions.cookie(request.headers):
        response.set_cookie(COOKIE, cookie, httponly=True, samesite="strict", secure=request.url.scheme == "https")
    return response


@router.get("/docs")
def docs() -> Response:
    return FileResponse(FILES / "docs.html", headers=_HEADERS)
