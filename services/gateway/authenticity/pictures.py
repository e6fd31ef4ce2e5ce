"""Pictures of references and verifications, as they may be kept, and how they are passed on."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel

from services.gateway.access import Parts
from services.gateway.multipart import Upload
from services.gateway.pictures import Picture
from shared.pictures import strip


@dataclass(frozen=True)
class Cleaned:
    """`data` without what tells of people, and, where the shop wants that, without faces; `sent`: of what came."""

    data: bytes
    sha256: str
    sent: Picture


async def cleaned(gateway: Parts, tenant: str, uploads: Sequence[Upload]) -> list[Cleaned]:
    """Raises as `Inspector` does, and `UnsupportedPicture` for what cannot be cleaned."""
    blur = await asyncio.to_thread(gateway.listing.blurs_faces, tenant)
    return [await _cleaned(gateway, upload, blur) for upload in uploads]


async def _cleaned(gateway: Parts, upload: Upload, blur: bool) -> Cleaned:
    def read() -> tuple[Picture, bytes]:
        picture = gateway.inspect(upload)
        upload.file.seek(0)
        return picture, strip(upload.file.read())

    picture, data = await asyncio.to_thread(read)
    if blur:
        data = await gateway.embedder.without_faces(data)
    return Cleaned(data, hashlib.sha256(data).hexdigest(), picture)


def form_of(asked: BaseModel, part: str, files: Sequence[bytes]) -> tuple[bytes, dict[str, str]]:
    """A multipart body of what is asked, as JSON, and of the files, with its headers."""
    boundary = secrets.token_hex(16)
    start = f"--{boundary}\r\nContent-Disposition: form-data; name="
    pieces = [f'{start}"asked"\r\n\r\n{asked.model_dump_json()}\r\n'.encode()]
    for data in files:
        head = f'{start}"{part}"; filename="{part}"\r\nContent-Type: application/octet-stream\r\n\r\n'
        pieces += [head.encode(), data, b"\r\n"]
    pieces.append(f"--{boundary}--\r\n".encode())
    return b"".join(pieces), {"Content-Type": f"multipart/form-data; boundary={boundary}"}
