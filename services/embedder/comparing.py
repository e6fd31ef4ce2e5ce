"""The embedder's routes that compare pictures. Asked by other services, not reachable by shops."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import ValidationError
from starlette.datastructures import FormData, UploadFile

from shared.contracts.comparing import MAX_REFERENCES, ComparisonAsked, Comparisons, CopyChecks
from shared.contracts.fields import MAX_PICTURE_BYTES
from shared.errors import InvalidInput, TooLarge
from shared.observability.http import invalid

if TYPE_CHECKING:
    from services.embedder.compare.engine import Comparer

_MOST_ASKED = 100_000
"""Bytes of the JSON part."""


class Comparing:
    """What compares, made by the first call: OpenCV costs 0.2 s and 40 MB, and most embedders never compare."""

    def __init__(self, make: Callable[[], Comparer]) -> None:
        self._make = make
        self._made: Comparer | None = None
        self._making = threading.Lock()

    def compare(self, asked: ComparisonAsked, query: bytes, references: Sequence[bytes]) -> Comparisons:
        """As `Comparer.compare`."""
        return self._ready().compare(asked, query, references)

    def copies(self, query: bytes, references: Sequence[bytes]) -> CopyChecks:
        """As `Comparer.copies`."""
        return self._ready().copies(query, references)

    def close(self) -> None:
        """Finish what is being compared, then stop."""
        if self._made is not None:
            self._made.close()

    def _ready(self) -> Comparer:
        with self._making:
            if self._made is None:
                self._made = self._make()
            return self._made


def router(comparer: Comparing) -> APIRouter:
    """`comparer` is called in threads."""
    api = APIRouter()

    @api.post("/compare", summary="The query's piece held against each reference's: numbers, places, codes")
    async def post_compare(request: Request) -> Comparisons:
        async with request.form(max_files=MAX_REFERENCES + 1, max_fields=1, max_part_size=_MOST_ASKED) as form:
            asked = _asked(form)
            query, references = await _pictures(form)
        return await run_in_threadpool(comparer.compare, asked, query, references)

    @api.post("/compare-copy", summary="Whether the query is a copy of each reference, as it is or edited")
    async def post_compare_copy(request: Request) -> CopyChecks:
        async with request.form(max_files=MAX_REFERENCES + 1, max_fields=1, max_part_size=_MOST_ASKED) as form:
            query, references = await _pictures(form)
        return await run_in_threadpool(comparer.copies, query, references)

    return api


def _asked(form: FormData) -> ComparisonAsked:
    told = form.get("asked")
    if not isinstance(told, str):
        raise _missing("asked", "Send the part `asked`: JSON that says what the pictures show.")
    try:
        return ComparisonAsked.model_validate_json(told)
    except ValidationError as error:
        raise invalid([{**entry, "loc": ("asked", *entry["loc"])} for entry in error.errors()]) from error


async def _pictures(form: FormData) -> tuple[bytes, Sequence[bytes]]:
    """The query and the references, each at most 20 MB."""
    queries, references = (list(form.getlist(name)) for name in ("query", "reference"))
    if len(queries) != 1:
        raise _missing("query", "Send one picture as the part `query`.")
    if not 1 <= len(references) <= MAX_REFERENCES:
        raise _missing("reference", f"Send 1 to {MAX_REFERENCES} pictures as parts `reference`.")
    read = []
    for name, part in [("query", queries[0]), *(("reference", one) for one in references)]:
        if not isinstance(part, UploadFile):
            raise _missing(name, f"The part `{name}` is no file.")
        data = await part.read(MAX_PICTURE_BYTES + 1)
        if len(data) > MAX_PICTURE_BYTES:
            raise TooLarge(f"A picture is over {MAX_PICTURE_BYTES // 1_000_000} MB. Send one with fewer pixels.")
        read.append(data)
    return read[0], read[1:]


def _missing(name: str, told: str) -> InvalidInput:
    return InvalidInput(told, errors=[{"path": name, "message": told}])
