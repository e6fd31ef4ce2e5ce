"""The inventory's HTTP API. Asked by the gateway, not reachable by shops."""

from __future__ import annotations

from fastapi import APIRouter


def router() -> APIRouter:
    return APIRouter()
