"""The vector index; `open` and `directory` pick the adapter by the scheme of the URL."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from shared.errors import Permanent
from shared.vectorstore.port import (
    Active,
    AnyOf,
    Between,
    Condition,
    Directory,
    Filter,
    Hit,
    Payload,
    Point,
    Text,
    VectorStore,
)

__all__ = [
    "Active",
    "AnyOf",
    "Between",
    "Condition",
    "Directory",
    "Filter",
    "Hit",
    "Payload",
    "Point",
    "Text",
    "VectorStore",
    "directory",
    "open",
]

_FORMS = "edge:///folder, qdrant://host:6333, qdrant-local:///folder or memory://"


def directory(url: str, alias: str) -> Directory:
    """The collections at `url`; `alias` names the pointer to the active one.

    - `edge:///absolute/folder`: Qdrant's engine in this process. One process at a time; opening the same collection
      twice in one process shares the engine until the last of them is closed.
    - `qdrant://host:port`: a Qdrant server of version 1.19 or later, by its HTTP port. Options: `api_key=`;
      `grpc_port=6334` to speak gRPC where there is a choice; `https=true`; `timeout=` in seconds for one call, 10 when
      not given. A call is never repeated here.
    - `qdrant-local:///absolute/folder` and `memory://`: the Python client's own small engine, for tests.

    Raises `Permanent` for a URL that names no index, and `Retryable` when another process holds the index.
    """
    parts = urlsplit(url)
    if parts.scheme == "edge":
        from shared.vectorstore.edge_directory import EdgeDirectory

        return EdgeDirectory(_folder(parts), alias)
    from shared.vectorstore import qdrant

    if parts.scheme == "qdrant":
        return qdrant.QdrantDirectory(qdrant.connect(parts), alias)
    if parts.scheme == "qdrant-local":
        return qdrant.QdrantDirectory(qdrant.open_folder(_folder(parts)), alias)
    if parts.scheme == "memory":
        return qdrant.QdrantDirectory(qdrant.open_memory(), alias)
    raise Permanent(f"No vector index has the scheme {parts.scheme!r}. Set a URL of one of these forms: {_FORMS}")


def open(url: str, collection: str, dimension: int) -> VectorStore:
    """The collection `collection` of vectors of `dimension` numbers at `url`; made when it does not exist yet.

    For the URL see `directory`. Raises `Permanent` for a URL that names no index or a collection of another dimension,
    and `Retryable` when the index cannot be reached or another process holds it.
    """
    collections = directory(url, collection)
    try:
        return collections.open(collection, dimension)
    finally:
        collections.close()


def _folder(parts: SplitResult) -> Path:
    if parts.netloc or not parts.path.startswith("/"):
        raise Permanent(
            f"The vector index's URL names no absolute folder. Write three slashes: {parts.scheme}:///folder"
        )
    return Path(unquote(parts.path))
