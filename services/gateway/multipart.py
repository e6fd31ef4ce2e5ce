"""Multipart forms with pictures, hashed while they stream in and given up as soon as they are too large."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import partial
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from shared.contracts.fields import MAX_PICTURE_BYTES
from shared.errors import BadRequest, TooLarge, UnsupportedPicture

_IN_MEMORY = 1_000_000
_MAX_TEXT = 100_000
_MAX_OTHER_PARTS = 19
_MAX_FRAME = 200_000
_MB = 1_000_000


@dataclass
class Upload:
    """A picture as it was sent, not looked into yet. `file` stands at its start, `declared` is its Content-Type."""

    declared: str = ""
    file: SpooledTemporaryFile[bytes] = field(default_factory=partial(SpooledTemporaryFile, _IN_MEMORY))
    sha256: str = ""
    size: int = 0
    hash: Any = field(default_factory=hashlib.sha256)

    def add(self, chunk: bytes | memoryview) -> None:
        """Raises `TooLarge` over 20 MB."""
        self.size += len(chunk)
        if self.size > MAX_PICTURE_BYTES:
            raise too_many_bytes()
        self.hash.update(chunk)
        self.file.write(chunk)

    def end(self) -> None:
        """All of it has come."""
        self.file.seek(0)
        self.sha256 = self.hash.hexdigest()

    @classmethod
    def of(cls, data: bytes, sha256: str = "") -> Upload:
        """A picture that is at hand already; who makes it closes its file. `sha256`: of what was sent."""
        upload = cls(sha256=sha256 or hashlib.sha256(data).hexdigest(), size=len(data))
        upload.file.write(data)
        upload.file.seek(0)
        return upload


@dataclass
class Form:
    """The pictures of a form in their order; `texts` are the other parts."""

    pictures: list[Upload] = field(default_factory=list)
    texts: dict[str, bytes] = field(default_factory=dict)

    @property
    def picture(self) -> Upload:
        return self.pictures[0]

    def __enter__(self) -> Form:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        for upload in self.pictures:
            upload.file.close()


class _Reading:
    """The state of the parser between its callbacks."""

    def __init__(self, picture: str, at_most: int, at_most_bytes: int) -> None:
        self.form = Form()
        self.ended = False
        self._wanted = picture
        self._at_most = at_most
        self._bytes_left = at_most_bytes
        self._upload: Upload | None = None
        self._parts = 0
        self._name = ""
        self._field = bytearray()
        self._value = bytearray()
        self._headers: dict[str, str] = {}

    def on_part_begin(self) -> None:
        self._parts += 1
        if self._parts > self._at_most + _MAX_OTHER_PARTS:
            raise BadRequest(f"The form has more than {self._at_most + _MAX_OTHER_PARTS} parts. Send fewer a request.")
        self._headers = {}

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def on_header_end(self) -> None:
        self._headers[self._field.decode("latin-1").lower()] = self._value.decode("latin-1")
        self._field.clear()
        self._value.clear()

    def on_headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get("content-disposition"))
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        self._upload = None
        if self._name == self._wanted:
            if len(self.form.pictures) == self._at_most:
                allowed = "one part" if self._at_most == 1 else f"{self._at_most} parts"
                raise BadRequest(f"The form has more than {allowed} named {self._wanted!r}. Send fewer.")
            self._upload = Upload(self._headers.get("content-type", ""))
            self.form.pictures.append(self._upload)

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        chunk = memoryview(data)[start:end]
        if self._upload is None:
            text = self.form.texts.get(self._name, b"") + bytes(chunk)
            if len(text) > _MAX_TEXT:
                raise TooLarge(f"The part {self._name!r} is over {_MAX_TEXT:,} bytes.")
            self.form.texts[self._name] = text
            return
        self._upload.add(chunk)
        self._bytes_left -= len(chunk)
        if self._bytes_left < 0:
            raise _too_many_together()

    def on_part_end(self) -> None:
        if self._upload is not None:
            self._upload.end()

    def on_end(self) -> None:
        self.ended = True


async def read_form(
    content_type: str | None,
    content_length: str | None,
    stream: AsyncIterator[bytes],
    picture: str,
    at_least: int = 1,
    at_most: int = 1,
    at_most_bytes: int = MAX_PICTURE_BYTES,
) -> Form:
    """The form of a request whose parts `picture` are pictures of up to 20 MB, `at_least` to `at_most` of them.

    Raises `BadRequest` for what is no such form, `UnsupportedPicture` for what is no form at all, and `TooLarge` at the
    first byte over a limit, whatever the length that was declared.
    """
    kind, options = parse_options_header(content_type)
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise UnsupportedPicture(f"Send the picture as multipart/form-data, in a part named {picture!r}.")
    if content_length and content_length.isdigit() and int(content_length) > at_most_bytes + _MAX_FRAME:
        raise too_many_bytes() if at_most == 1 else _too_many_together()
    reading = _Reading(picture, at_most, at_most_bytes)
    try:
        parser = MultipartParser(
            options[b"boundary"],
            {
                "on_part_begin": reading.on_part_begin,
                "on_header_field": reading.on_header_field,
                "on_header_value": reading.on_header_value,
                "on_header_end": reading.on_header_end,
                "on_headers_finished": reading.on_headers_finished,
                "on_part_data": reading.on_part_data,
                "on_part_end": reading.on_part_end,
                "on_end": reading.on_end,
            },
        )
        async for chunk in stream:
            parser.write(chunk)
        _check_whole(reading, picture, at_least)
    except FormParserError as error:
        reading.form.close()
        raise BadRequest(f"The multipart form cannot be read: {error}. See that its boundary is right.") from error
    except ClientDisconnect as error:
        reading.form.close()
        raise BadRequest("The connection broke off in the middle of the picture. Send it again.") from error
    except BaseException:
        reading.form.close()
        raise
    return reading.form


def _check_whole(reading: _Reading, picture: str, at_least: int) -> None:
    if not reading.ended:
        raise BadRequest("The multipart form ends in its middle. Send it again, with its closing boundary.")
    if len(reading.form.pictures) < at_least:
        raise BadRequest(f"The form has no part named {picture!r}. Send the picture in one.")


def too_many_bytes() -> TooLarge:
    return TooLarge(
        f"The picture is over {MAX_PICTURE_BYTES // _MB} MB. Save it as a JPEG of quality 85 or with fewer pixels."
    )


def _too_many_together() -> TooLarge:
    return TooLarge("The pictures of this request are too large together. Send fewer a request.")
