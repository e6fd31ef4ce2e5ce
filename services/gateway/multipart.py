"""Multipart forms with one picture, hashed while they stream in and given up as soon as they are too large."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from tempfile import SpooledTemporaryFile
from types import TracebackType

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from shared.contracts.fields import MAX_PICTURE_BYTES
from shared.errors import BadRequest, TooLarge, UnsupportedPicture

_IN_MEMORY = 1_000_000
_MAX_TEXT = 100_000
_MAX_PARTS = 20
_MAX_FRAME = 200_000
_MB = 1_000_000


@dataclass
class Upload:
    """A picture as it was sent, not looked into yet. `file` stands at its start; `texts` are the other parts."""

    file: SpooledTemporaryFile[bytes]
    sha256: str = ""
    size: int = 0
    texts: dict[str, bytes] = field(default_factory=dict)

    def __enter__(self) -> Upload:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.file.close()


class _Form:
    """The state of the parser between its callbacks."""

    def __init__(self, picture: str) -> None:
        self.upload = Upload(SpooledTemporaryFile(_IN_MEMORY))  # noqa: SIM115 - the Upload closes it
        self.hash = hashlib.sha256()
        self.found = False
        self.ended = False
        self._wanted = picture
        self._in_picture = False
        self._parts = 0
        self._name = ""
        self._field = bytearray()
        self._value = bytearray()
        self._headers: dict[str, str] = {}

    def on_part_begin(self) -> None:
        self._parts += 1
        if self._parts > _MAX_PARTS:
            raise BadRequest(f"The form has more than {_MAX_PARTS} parts. Send one picture a request.")
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
        self._in_picture = self._name == self._wanted
        if self._in_picture:
            if self.found:
                raise BadRequest(f"The form has more than one part named {self._wanted!r}. Send one picture a request.")
            self.found = True
            _check_declared(self._headers.get("content-type", ""))

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        chunk = memoryview(data)[start:end]
        if not self._in_picture:
            text = self.upload.texts.get(self._name, b"") + bytes(chunk)
            if len(text) > _MAX_TEXT:
                raise TooLarge(f"The part {self._name!r} is over {_MAX_TEXT:,} bytes.")
            self.upload.texts[self._name] = text
            return
        self.upload.size += len(chunk)
        if self.upload.size > MAX_PICTURE_BYTES:
            raise _too_many_bytes()
        self.hash.update(chunk)
        self.upload.file.write(chunk)

    def on_end(self) -> None:
        self.ended = True


async def read_upload(
    content_type: str | None, content_length: str | None, stream: AsyncIterator[bytes], picture: str
) -> Upload:
    """The form of a request whose part `picture` is one picture of up to 20 MB.

    Raises `BadRequest` for what is no such form, `TooLarge` at the first byte over the limit, whatever the length that
    was declared, and `UnsupportedPicture` for a part that says it is something else than a picture, or is empty.
    """
    kind, options = parse_options_header(content_type)
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise UnsupportedPicture(f"Send the picture as multipart/form-data, in a part named {picture!r}.")
    if content_length and content_length.isdigit() and int(content_length) > MAX_PICTURE_BYTES + _MAX_FRAME:
        raise _too_many_bytes()
    form = _Form(picture)
    try:
        parser = MultipartParser(
            options[b"boundary"],
            {
                "on_part_begin": form.on_part_begin,
                "on_header_field": form.on_header_field,
                "on_header_value": form.on_header_value,
                "on_header_end": form.on_header_end,
                "on_headers_finished": form.on_headers_finished,
                "on_part_data": form.on_part_data,
                "on_end": form.on_end,
            },
        )
        async for chunk in stream:
            parser.write(chunk)
        _check_whole(form, picture)
    except FormParserError as error:
        form.upload.file.close()
        raise BadRequest(f"The multipart form cannot be read: {error}. See that its boundary is right.") from error
    except ClientDisconnect as error:
        form.upload.file.close()
        raise BadRequest("The connection broke off in the middle of the picture. Send it again.") from error
    except BaseException:
        form.upload.file.close()
        raise
    form.upload.file.seek(0)
    form.upload.sha256 = form.hash.hexdigest()
    return form.upload


def _check_declared(content_type: str) -> None:
    """The bytes decide what a picture is; but what is sent as something else altogether was sent by mistake."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind and kind != "application/octet-stream" and not kind.startswith("image/"):
        raise UnsupportedPicture(f"The part is declared as {kind[:100]!r}, not as a picture. Declare image/jpeg or so.")


def _check_whole(form: _Form, picture: str) -> None:
    if not form.ended:
        raise BadRequest("The multipart form ends in its middle. Send it again, with its closing boundary.")
    if not form.found:
        raise BadRequest(f"The form has no part named {picture!r}. Send the picture in one.")
    if form.upload.size == 0:
        raise UnsupportedPicture("The picture has no bytes. Send a JPEG, PNG, WebP, GIF, BMP or TIFF.")


def _too_many_bytes() -> TooLarge:
    return TooLarge(
        f"The picture is over {MAX_PICTURE_BYTES // _MB} MB. Save it as a JPEG of quality 85 or with fewer pixels."
    )
