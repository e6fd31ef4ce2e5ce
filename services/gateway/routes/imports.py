"""Imports: a whole catalogue in one file, taken in the background."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect

from services.gateway.access import BRINGS_PICTURES, Gateway, Reader, Writer, problems
from shared.contracts.fields import MAX_LIMIT
from shared.contracts.imports import (
    MAX_IMPORT_BYTES,
    Import,
    ImportAccepted,
    ImportFormat,
    ImportId,
    ImportPage,
    ImportRowPage,
    RowOutcome,
)
from shared.errors import BadRequest
from shared.imports.errors_file import errors_csv
from shared.observability.http import invalid

router = APIRouter(prefix="/v1/imports", tags=["imports"])
_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "additionalProperties": False,
                    "properties": {
                        "file": {
                            "type": "string",
                            "format": "binary",
                            "description": "CSV, JSON Lines, Shopify's product CSV, or a zip of pictures named by SKU "
                            f"with or without one table; up to {MAX_IMPORT_BYTES // 1_000_000} MB.",
                        },
                        "format": {
                            "type": "string",
                            "enum": ["csv", "jsonl", "shopify", "zip"],
                            "description": "What the file is; by its first bytes when absent.",
                        },
                        "dry_run": {
                            "type": "string",
                            "enum": ["true", "false"],
                            "default": "false",
                            "description": "Only say what would change.",
                        },
                    },
                }
            }
        },
    }
}


class _Options(BaseModel):
    model_config = ConfigDict(extra="forbid")

    format: ImportFormat | None = None
    dry_run: Literal["true", "false"] = "false"


@router.post(
    "",
    summary="Import a catalogue",
    status_code=202,
    dependencies=BRINGS_PICTURES,
    responses=problems(400, 409, 413),
    openapi_extra=_FORM,
)
async def post_import(request: Request, caller: Writer, gateway: Gateway, response: Response) -> ImportAccepted:
    """Accepted means kept: the file is on disk and will be imported, over restarts. `status_url` tells how far it is.

    Items are made or replaced as by PUT, and pictures added; what the file does not name stays. The same file again
    changes nothing. One import of a shop runs at a time, in the order in which they came.
    """
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise BadRequest("Send the file as multipart/form-data, in a part named 'file'.")
    try:
        async with request.form(max_files=1, max_fields=10, max_part_size=1_000) as form:
            file = form.get("file")
            if not isinstance(file, UploadFile):
                raise BadRequest("The form has no part named 'file' with a file name. Send the file in one.")
            options = _options({name: value for name, value in form.items() if name != "file"})
            begun = await asyncio.to_thread(
                gateway.imports.begin,
                caller.tenant,
                file.file,
                file.filename or "file",
                options.format,
                dry_run=options.dry_run == "true",
            )
    except ClientDisconnect as error:
        raise BadRequest("The connection broke off in the middle of the file. Send it again.") from error
    response.headers["Location"] = begun.status_url
    return ImportAccepted(import_id=begun.import_id, status_url=begun.status_url)


def _options(given: dict[str, Any]) -> _Options:
    try:
        return _Options.model_validate(given)
    except ValidationError as error:
        raise invalid(error.errors()) from error


@router.get("", summary="All imports, the newest first", response_model_exclude_none=True, responses=problems(400))
def get_imports(
    caller: Reader,
    gateway: Gateway,
    cursor: Annotated[str | None, Query(max_length=500, description="next_cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 20,
) -> ImportPage:
    """Those of the last 30 days, and what is not finished."""
    scope = ("imports", caller.tenant)
    after = None
    if cursor:
        at, _, import_id = gateway.signer.position(cursor, *scope).partition("|")
        after = datetime.fromisoformat(at), import_id
    found = list(gateway.imports.list(caller.tenant, after, limit + 1))
    more = None
    if len(found) > limit:
        last = found[limit - 1]
        more = gateway.signer.cursor(f"{last.created_at.isoformat()}|{last.import_id}", *scope)
    return ImportPage(imports=found[:limit], next_cursor=more)


@router.get(
    "/{import_id:before_verb}",
    summary="How far an import is",
    response_model_exclude_none=True,
    responses=problems(404),
)
def get_import(import_id: ImportId, caller: Reader, gateway: Gateway) -> Import:
    """`state`: waiting, running, done, failed with the `problem`, or stopped. Once it is done, `imported`, `updated`,
    `unchanged`, `rejected` and `skipped` add up to `rows`."""
    return gateway.imports.get(caller.tenant, import_id)


@router.get(
    "/{import_id}/rows",
    summary="What became of each row",
    response_model_exclude_none=True,
    responses=problems(400, 404),
)
def get_rows(
    import_id: ImportId,
    caller: Reader,
    gateway: Gateway,
    outcome: RowOutcome | None = None,
    troubled: Annotated[bool, Query(description="Only rows with a reason.")] = False,
    cursor: Annotated[str | None, Query(max_length=500, description="next_cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 20,
) -> ImportRowPage:
    """In their order. A row that was taken has a `reason` too when something of it was not, such as a picture."""
    scope = ("import-rows", caller.tenant, import_id, outcome or "", str(troubled))
    after = int(gateway.signer.position(cursor, *scope)) if cursor else 0
    rows = list(gateway.imports.rows(caller.tenant, import_id, outcome, after, limit + 1, told=troubled))
    more = gateway.signer.cursor(str(rows[limit - 1].row), *scope) if len(rows) > limit else None
    return ImportRowPage(rows=rows[:limit], next_cursor=more)


@router.get(
    "/{import_id}/errors.csv",
    summary="What was wrong, as a CSV",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}}, "description": "A line a row with a reason"}, **problems(404)},
)
def get_errors(import_id: ImportId, caller: Reader, gateway: Gateway) -> Response:
    """Rows that were rejected or skipped, and those of which something was left out."""
    rows = gateway.imports.troubled(caller.tenant, import_id)
    headers = {"Content-Disposition": f'attachment; filename="errors-{import_id}.csv"'}
    return StreamingResponse(errors_csv(rows), media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/{import_id}:stop", summary="Stop an import", status_code=204, responses=problems(404))
def post_stop(import_id: ImportId, caller: Writer, gateway: Gateway) -> None:
    """What it did until then stays. Of one that has ended nothing changes."""
    gateway.imports.stop(caller.tenant, import_id)
