"""Objects under a tenant's prefix; `open` picks the adapter by the scheme of the URL."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from shared.errors import Permanent
from shared.objectstore.file import FileObjectStore
from shared.objectstore.port import Entry, ObjectStore

__all__ = ["Entry", "ObjectStore", "open"]


def open(url: str, bucket: str, public_url: str | None = None) -> ObjectStore:
    """The bucket `bucket` of the store at `url`; made when it does not exist yet.

    `file:///absolute/folder` keeps an object as the file `folder/bucket/tenant/key`.
    `s3://ACCESS:SECRET@host:port/NAME?secure=false&region=...` keeps it in the bucket `NAME-bucket` of a server, or
    `bucket` without `/NAME`; credentials are percent-encoded, and both options may be left out.
    `public_url` is the http:// or https:// address of such a server for those outside, if they may reach it. Raises
    `Permanent` for a URL that names no store and `Retryable` when the store cannot be reached.
    """
    parts = urlsplit(url)
    if parts.scheme == "s3":
        from shared.objectstore.s3 import S3ObjectStore

        return S3ObjectStore(parts, bucket, urlsplit(public_url) if public_url else None)
    if parts.scheme != "file":
        raise Permanent(
            f"No object store has the scheme {parts.scheme!r}. "
            "Set a URL of one of these forms: file:///folder, s3://ACCESS:SECRET@host:9000?secure=false"
        )
    if parts.netloc or not parts.path.startswith("/"):
        raise Permanent("A file:// URL names an absolute folder after three slashes: file:///folder")
    if public_url:
        raise Permanent("A folder has no public URL. Leave it out: uploads pass the gateway.")
    return FileObjectStore(Path(unquote(parts.path)), bucket)
