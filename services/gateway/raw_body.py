"""A picture that is a request's body as it stands, hashed while it streams in."""

from __future__ import annotations

from starlette.requests import ClientDisconnect, Request

from services.gateway.multipart import Upload, too_many_bytes
from shared.contracts.fields import MAX_PICTURE_BYTES
from shared.errors import BadRequest


async def read_raw(request: Request) -> Upload:
    """The body; who calls closes its file. Raises `TooLarge` over 20 MB, at the first byte or the length declared."""
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > MAX_PICTURE_BYTES:
        raise too_many_bytes()
    upload = Upload(request.headers.get("content-type", ""))
    try:
        async for chunk in request.stream():
            upload.add(chunk)
    except ClientDisconnect as error:
        upload.file.close()
        raise BadRequest("The connection broke off in the middle of the picture. Send it again.") from error
    except BaseException:
        upload.file.close()
        raise
    upload.end()
    return upload
