"""Objects under a tenant's prefix; `open` picks the adapter by the scheme of the URL."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from shared.errors import Permanent
from shared.objectstore.file import FileObjectStore
from shared.objectstore.port import ObjectStore

__all__ = ["ObjectStore", "open"]


def open(url: str, bucket: str) -> ObjectStore:
    """The bucket `bucket` of the store at `url`; made when it does not exist yet.

    `file:///absolute/folder` keeps an object as the file `folder/bucket/tenant/key`. Raises `Permanent` for a URL that
    names no store and `Retryable` when the store cannot be reached.
    """
    parts = urlsplit(url)
    if parts.scheme != "file":
        raise Permanent(f"No object store has the scheme {parts.scheme!r}. Set a URL of this form: file:///folder")
    if parts.netloc or not parts.path.startswith("/"):
        raise Permanent(f"{url!r} names no absolute folder. Write three slashes: file:///folder")
    return FileObjectStore(Path(unquote(parts.path)), bucket)
