"""What a call is: one request of the API, and how its answer is read. Sends nothing, so it serves both clients."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Generic, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel

from loupe.client.pictures import Picture, media_type_of, name_of, open_, read

T = TypeVar("T")
_M = TypeVar("_M", bound=BaseModel)
JSON = "application/json"


@dataclass(frozen=True)
class Body:
    """Bytes and what they are."""

    content: bytes
    media_type: str = JSON


@dataclass(frozen=True)
class Form:
    """A multipart form: texts by the name of their part, and files, each in a part named `part`.

    `streamed`: files are not read into memory first.
    """

    part: str
    files: Sequence[Picture]
    texts: Mapping[str, str] = field(default_factory=dict)
    streamed: bool = False

    def parts(self, opened: ExitStack) -> list[tuple[str, Any]]:
        """As httpx takes them, the texts first. `opened` closes what is opened here."""
        texts = [(name, (None, text.encode(), JSON)) for name, text in self.texts.items()]
        return [*texts, *((self.part, self._file(file, opened)) for file in self.files)]

    def _file(self, file: Picture, opened: ExitStack) -> tuple[str, bytes | BinaryIO, str]:
        name = name_of(file)
        content = open_(file, opened) if self.streamed else read(file)
        return name, content, media_type_of(name)


@dataclass(frozen=True)
class Call(Generic[T]):
    """One request and how its answer is read.

    `of` fills the names in `route`. `also`: statuses besides 2xx that are answers. `reads`: a POST that changes
    nothing. `only_once`: repeated where it may have been done already, it would be answered otherwise.
    `foreign`: the address is another server's, which must not see the key.
    """

    method: str
    route: str
    read: Callable[[httpx.Response], T]
    of: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Body | Form | None = None
    also: Sequence[int] = ()
    reads: bool = False
    only_once: bool = False
    foreign: bool = False

    @property
    def path(self) -> str:
        if not self.of:
            return self.route
        return self.route.format_map({name: quote(value, safe="") for name, value in self.of.items()})

    @property
    def keyed(self) -> bool:
        """Sent with an Idempotency-Key, which makes a repeat harmless."""
        return self.method in ("POST", "PATCH") and not self.reads


@dataclass(frozen=True)
class Pages(Generic[T]):
    """A list that comes by pages: `page` is the call of one, by the cursor of the page before."""

    page: Callable[[str | None], Call[tuple[Sequence[T], str | None]]]


@dataclass(frozen=True)
class Pause:
    """Seconds to wait before going on."""

    seconds: float


@dataclass(frozen=True)
class Work(Generic[T]):
    """Something that reads files: the asynchronous client leaves it to a thread."""

    do: Callable[[], T]


Steps = Generator[Call[Any] | Pause | Work[Any], Any, T]
"""Several calls that make one: it yields each, is sent what came of it, and returns the result."""


def answer(model: type[_M]) -> Callable[[httpx.Response], _M]:
    """Reads the answer as the model. Fields that this client does not know yet are passed over: contracts grow."""

    def read(response: httpx.Response) -> _M:
        return model.model_validate_json(response.content, extra="ignore")

    return read


def nothing(_: httpx.Response) -> None:
    """Of an answer without a body."""


def paged(
    model: type[_M], entries: str, route: str, limit: int, *, of: Mapping[str, str] | None = None, **params: Any
) -> Pages[Any]:
    """The list at `route`, by pages of `limit`; the field `entries` of the page's model has what it lists."""

    def read(response: httpx.Response) -> tuple[Sequence[Any], str | None]:
        page = answer(model)(response)
        return getattr(page, entries), getattr(page, "next_cursor", None)

    def page(cursor: str | None) -> Call[tuple[Sequence[Any], str | None]]:
        return Call("GET", route, read, of=of or {}, params=given(limit=limit, cursor=cursor, **params))

    return Pages(page)


def given(**params: Any) -> dict[str, Any]:
    """Those that were given: None is not."""
    return {name: value for name, value in params.items() if value is not None}


def json_body(
    value: Any, *, media_type: str = JSON, include: set[str] | None = None, exclude_unset: bool = False
) -> Body:
    """A model, or what JSON knows, as the body. Of a model the fields `include`, without its defaults, which a gateway
    of another release may not know; of a change, what it was told alone (`exclude_unset`): a default there is a value.
    """
    if isinstance(value, BaseModel):
        text = value.model_dump_json(include=include, exclude_unset=exclude_unset, exclude_defaults=not exclude_unset)
    else:
        text = json.dumps(value)
    return Body(text.encode(), media_type)
