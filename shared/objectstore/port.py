"""The port to the object store: bytes under a tenant's prefix in a bucket."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Protocol


class ObjectStore(Protocol):
    """One bucket. Keys are relative paths of letters, digits, `.`, `_`, `-` and `/`, never starting with a dot or a slash.

    Every method raises `Retryable` when the store cannot be reached or is full, and `Permanent` for a key or tenant that
    breaks the rules above. Objects are written whole or not at all, and are durable when `put` returns.
    """

    def put(self, tenant: str, key: str, data: bytes | BinaryIO) -> None:
        """Write an object, replacing one of the same key in one step. A file is read from where it stands to its end."""
        ...

    def get(self, tenant: str, key: str) -> bytes:
        """All bytes of an object. Raises `NotFound` when there is none."""
        ...

    def exists(self, tenant: str, key: str) -> bool: ...

    def delete(self, tenant: str, key: str) -> None:
        """Remove an object; removing what is not there is no error."""
        ...

    def keys(self, tenant: str, prefix: str = "") -> Iterator[str]:
        """The tenant's keys that start with `prefix`, in lexical order."""
        ...

    def ping(self) -> None:
        """Return when the store can be written to, else raise `Retryable` saying what is wrong."""
        ...
