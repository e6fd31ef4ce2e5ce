"""The page at `/`: static files, and a session for who opens it on this machine. The contract to read at `/docs`."""

from __future__ import annotations

from pathlib import Path

import fastapi_offline
from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response

from services.gateway.access import Gateway
from services.gateway.auth import COOKIE
from services.gateway.shielding import PAGE

FILES = Path(__file__).parent.parent / "page"
SWAGGER_UI = Path(fastapi_offline.__file__).parent / "static"
"""Swagger UI as that package carries it: FastAPI's own `/docs` takes it from another host."""

router = APIRouter(include_in_schema=False)


@router.get("/")
def page(request: Request, gateway: Gateway) -> Response:
    response = FileResponse(FILES / "index.html", headers=PAGE)
    if cookie := gateway.sessions.cookie(request.headers):
        response.set_cookie(COOKIE, cookie, httponly=True, samesite="strict", secure=request.url.scheme == "https")
    return response


@router.get("/docs")
def docs() -> Response:
    return FileResponse(FILES / "docs.html", headers=PAGE)
