"""The contract of the shop bus, for programs: AsyncAPI, and a JSON Schema an event. Anybody may read them."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Path
from fastapi.responses import Response

from services.gateway.access import PROBLEMS
from services.gateway.published import asyncapi, events
from shared.contracts.api import Problem, SchemaList
from shared.errors import NotFound

router = APIRouter(tags=["contract"])

_ASYNCAPI = "application/vnd.aai.asyncapi+json"
_SCHEMA = "application/schema+json"
_HEADERS = {"Cache-Control": "public, max-age=300"}
_KINDS = [event.kind for event in events.events()]
EventType = Annotated[str, Path(json_schema_extra={"enum": _KINDS})]


@cache
def _schemas(part: Literal["event", "data"]) -> dict[str, bytes]:
    return {kind: orjson.dumps(schema) for kind, schema in events.alone(part).items()}


@cache
def _document() -> bytes:
    return orjson.dumps(asyncapi.document())


def _shown(media_type: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"description": "The document", "content": {media_type: {"schema": {"type": "object"}}}}}


def _told(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {status: {"model": Problem, "description": PROBLEMS[status]} for status in statuses}


_ONE: dict[str, Any] = {"response_class": Response, "responses": _shown(_SCHEMA) | _told(404, 422)}


@router.get("/asyncapi.json", summary="The shop bus", response_class=Response, responses=_shown(_ASYNCAPI))
def get_asyncapi() -> Response:
    """AsyncAPI 3.0: the lines of a shop on Redis and on RabbitMQ, and every event in them."""
    return Response(_document(), media_type=f"{_ASYNCAPI};version=3.0.0", headers=_HEADERS)


@router.get("/schemas", summary="Where the schemas of events are")
async def get_schemas() -> SchemaList:
    return SchemaList(
        asyncapi="/asyncapi.json",
        openapi="/openapi.json",
        events={kind: f"/schemas/{kind}.json" for kind in _KINDS},
        data={kind: f"/schemas/data/{kind}.json" for kind in _KINDS},
    )


@router.get("/schemas/{kind}.json", summary="An event as JSON Schema", **_ONE)
def get_schema(kind: EventType) -> Response:
    """The whole CloudEvent in structured JSON, by JSON Schema 2020-12."""
    return _schema("event", kind)


@router.get("/schemas/data/{kind}.json", summary="The data of an event as JSON Schema", **_ONE)
def get_data_schema(kind: EventType) -> Response:
    """What is in `data` alone, for the CloudEvents attribute `dataschema`."""
    return _schema("data", kind)


def _schema(part: Literal["event", "data"], kind: str) -> Response:
    if kind not in _KINDS:
        raise NotFound(f"There is no event {kind[:100]!r}. GET /schemas lists all.")
    return Response(_schemas(part)[kind], media_type=_SCHEMA, headers=_HEADERS)
