"""The vector index; `open` picks the adapter by the scheme of the URL."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from shared.errors import Permanent
from shared.vectorstore.port import AnyOf, Between, Condition, Filter, Hit, Payload, Point, VectorStore

__all__ = ["AnyOf", "Between", "Condition", "Filter", "Hit", "Payload", "Point", "VectorStore", "open"]

_FORMS = "edge:///folder, qdrant://host:6333, qdrant-local:///folder or memory://"


def open(url: str, collection: str, dimension: int) -> VectorStore:
    """The collection `collection` of vectors of `dimension` numbers at `url`; made when it does not exist yet.

    - `edge:///absolute/folder`: Qdrant's engine in this process. One process at a time; opening the same collection
      twice in one process shares the engine until the last of them is closed.
    - `qdrant://host:port`, with `?api_key=` where the server wants one: a Qdrant server, by its HTTP port.
    - `qdrant-local:///absolute/folder` and `memory://`: the Python client's own small engine, for tests.

    Raises `Permanent` for a URL that names no index or a collection of another dimension, and `Retryable` when the
    index cannot be reached or another process holds it.
    """
    parts = urlsplit(url)
    if not collection.replace("-", "").replace("_", "").isalnum() or not collection.isascii():
        raise Permanent(f"{collection!r} is no collection name: use letters, digits, '-' and '_'.")
    if parts.scheme == "edge":
        from shared.vectorstore.edge import EdgeStore

        return EdgeStore(_folder(url, parts) / collection, dimension)
    from shared.vectorstore.qdrant import QdrantStore, connect, open_folder, open_memory

    if parts.scheme == "qdrant":
        api_key = parse_qs(parts.query).get("api_key", [None])[0]
        return QdrantStore(connect(parts.hostname or "127.0.0.1", parts.port or 6333, api_key), collection, dimension)
    if parts.scheme == "qdrant-local":
        return QdrantStore(open_folder(_folder(url, parts)), collection, dimension)
    if parts.scheme == "memory":
        return QdrantStore(open_memory(), collection, dimension)
    raise Permanent(f"No vector index has the scheme {parts.scheme!r}. Set a URL of one of these forms: {_FORMS}")


def _folder(url: str, parts: SplitResult) -> Path:
    if parts.netloc or not parts.path.startswith("/"):
        raise Permanent(f"{url!r} names no absolute folder. Write three slashes: {parts.scheme}:///folder")
    return Path(unquote(parts.path))
