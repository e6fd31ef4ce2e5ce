"""How Qdrant is called: one client for a directory and its stores, its errors in our words."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qs

import grpc
from qdrant_client import QdrantClient
from qdrant_client.common.client_exceptions import QdrantException
from qdrant_client.http.exceptions import ApiException, UnexpectedResponse

from shared.errors import Permanent, Retryable

_OPTIONS = {"api_key", "grpc_port", "https", "timeout", "shards", "replicas"}
_GRPC_REFUSES_KEY = (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED)
_GRPC_REFUSES_REQUEST = (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.UNIMPLEMENTED)


@dataclass(frozen=True)
class Spread:
    """Of a collection over the nodes of a cluster: in so many shards, each on so many nodes, as Qdrant calls them. A
    write is acknowledged once most of the replicas have it. None: as the server does without being told."""

    shards: int | None = None
    replicas: int | None = None

    def options(self) -> dict[str, Any]:
        """As `create_collection` takes them."""
        told: dict[str, int] = {}
        if self.shards:
            told["shard_number"] = self.shards
        if self.replicas:
            told |= {"replication_factor": self.replicas, "write_consistency_factor": self.replicas // 2 + 1}
        return told


class Connection:
    """A client, closed by the last of its users, and the lock around each of its calls.

    The client's own engine is not safe to call from two threads; that of a server needs no lock. `spread` is how new
    collections lie in a cluster.
    """

    def __init__(
        self, client: QdrantClient, lock: AbstractContextManager[object], spread: Spread | None = None
    ) -> None:
        self.spread = spread or Spread()
        self._client = client
        self._lock = lock
        self._users = 0
        self._counting = threading.Lock()

    def acquire(self) -> None:
        with self._counting:
            self._users += 1

    def release(self) -> None:
        with self._counting:
            self._users -= 1
            if self._users == 0:
                with self._lock:
                    self._client.close()

    @contextmanager
    def calling(self) -> Iterator[QdrantClient]:
        """The client for one call. Its errors come out as `Retryable` or `Permanent`."""
        with self._lock, _translated():
            yield self._client


def connect(url: SplitResult) -> Connection:
    """A server by its `qdrant://` URL. No call is made yet. Raises `Permanent` for options that cannot be read."""
    given = {name: values[-1] for name, values in parse_qs(url.query).items()}
    try:
        if unknown := given.keys() - _OPTIONS:
            raise ValueError(f"{', '.join(sorted(unknown))} is no option")
        client = QdrantClient(
            host=url.hostname or "127.0.0.1",
            port=url.port or 6333,
            grpc_port=int(given.get("grpc_port", 6334)),
            prefer_grpc="grpc_port" in given,
            https={"true": True, "false": False}[given.get("https", "false")],
            api_key=given.get("api_key"),
            timeout=int(given.get("timeout", 10)),
            check_compatibility=False,
        )
        spread = Spread(_positive(given.get("shards")), _positive(given.get("replicas")))
    except (ValueError, KeyError) as error:
        raise Permanent(
            f"The options of the vector index's URL cannot be read ({error}). "
            "Write qdrant://host:6333?api_key=...&grpc_port=6334&https=true&timeout=10&shards=6&replicas=3, each "
            "option only where needed."
        ) from error
    return Connection(client, nullcontext(), spread)


def open_folder(folder: Path) -> Connection:
    """The client's own engine, which keeps what it holds in `folder`. One opening at a time."""
    with _translated():
        return Connection(QdrantClient(path=str(folder), force_disable_check_same_thread=True), threading.RLock())


def open_memory() -> Connection:
    """The client's own engine in memory: empty, and gone when it is closed."""
    return Connection(QdrantClient(location=":memory:"), threading.RLock())


def _positive(given: str | None) -> int | None:
    if given is None:
        return None
    if (number := int(given)) < 1:
        raise ValueError(f"{number} is none or less")
    return number


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except UnexpectedResponse as error:
        status = error.status_code or 500
        if status in (401, 403):
            raise _key_refused() from error
        if status == 404:
            raise _collection_gone() from error
        if 400 <= status < 500 and status not in (408, 409, 429):
            raise Permanent(
                f"The vector index refused the request: {error.reason_phrase}. {error.content!r}"
            ) from error
        raise Retryable(f"The vector index cannot answer now: {status} {error.reason_phrase}.") from error
    except (ApiException, QdrantException) as error:
        raise Retryable(f"The vector index cannot be reached: {error}. See that its server runs.") from error
    except grpc.RpcError as error:
        raise _of_grpc(error) from error
    except RuntimeError as error:  # of the client's own engine
        if "already accessed" in str(error):
            raise Retryable("Another process holds the vector index. Stop it, or give each its own folder.") from error
        if "closed" in str(error):
            raise Retryable("The vector index is closed, as this process is stopping.") from error
        raise
    except ValueError as error:  # of the client's own engine
        if str(error).startswith("Collection ") and str(error).endswith("not found"):
            raise _collection_gone() from error
        raise


def _of_grpc(error: grpc.RpcError) -> Permanent | Retryable:
    code, details = (error.code(), error.details()) if isinstance(error, grpc.Call) else (None, str(error))
    if code in _GRPC_REFUSES_KEY:
        return _key_refused()
    if code == grpc.StatusCode.NOT_FOUND:
        return _collection_gone()
    if code in _GRPC_REFUSES_REQUEST:
        return Permanent(f"The vector index refused the request: {details}")
    return Retryable(f"The vector index cannot be reached by gRPC: {details}. See that its server runs.")


def _key_refused() -> Retryable:
    return Retryable("The vector index refuses our key. Set the right one in VECTOR_STORE_URL.")


def _collection_gone() -> Retryable:
    return Retryable("The collection is not in the vector index: it was dropped, or the URL is of another index.")
