"""The port to the object store: bytes under a tenant's prefix in a bucket."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Protocol

from shared.errors import Permanent, TooLarge

_KEY = re.compile(r"(?!\.)[A-Za-z0-9._-]{1,200}(/(?!\.)[A-Za-z0-9._-]{1,200}){0,3}")
_TENANT = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


@dataclass(frozen=True, slots=True)
class Entry:
    """An object and the moment, in UTC, at which it was last put."""

    key: str
    put_at: datetime


class ObjectStore(Protocol):
    """One bucket, safe to use from several threads and processes.

    A key is one to four names of letters, digits, `.`, `_` and `-`, joined by `/`; no name starts with a dot or is
    longer than 200. A key cannot also be the folder of another key. Every method raises `Retryable` when the store
    cannot be reached or is full, and `Permanent` for a key or tenant that breaks these rules. Objects are written whole
    or not at all, and are durable when `put` returns.
    """

    def put(self, tenant: str, key: str, data: bytes | BinaryIO) -> None:
        """Write an object, replacing one of the same key in one step. A file is read from where it stands on."""
        ...

    def get(self, tenant: str, key: str, *, at_most: int | None = None) -> bytes:
        """All bytes of an object. Raises `NotFound` when there is none, `TooLarge` when it has over `at_most` bytes."""
        ...

    def fetch(self, tenant: str, key: str, target: BinaryIO) -> None:
        """Write all bytes of an object into a file, a piece at a time. Raises `NotFound` when there is none."""
        ...

    def exists(self, tenant: str, key: str) -> bool: ...

    def delete(self, tenant: str, key: str) -> None:
        """Remove an object; removing what is not there is no error."""
        ...

    def keys(self, tenant: str, prefix: str = "") -> Iterator[str]:
        """The tenant's keys that start with `prefix`, in order of their characters' code points."""
        ...

    def entries(self, tenant: str, prefix: str = "") -> Iterator[Entry]:
        """What `keys` lists, each with its age; one that is deleted meanwhile may be left out."""
        ...

    def upload_url(self, tenant: str, key: str, seconds: int) -> str | None:
        """Where anybody may PUT this object for `seconds`, at most 7 days, whatever its size.

        None when the store has no address outside.
        """
        ...

    def ping(self) -> None:
        """Return when the store can be written to, else raise `Retryable` saying what is wrong."""
        ...


def check_tenant(tenant: str) -> None:
    """Raise `Permanent` unless `tenant` may be the prefix of its objects."""
    if not _TENANT.fullmatch(tenant):
        raise Permanent(f"{tenant!r} is no tenant: use up to 63 lower-case letters, digits and hyphens.")


def check_key(key: str) -> None:
    """Raise `Permanent` unless `key` follows the rules of `ObjectStore`."""
    if not _KEY.fullmatch(key):
        raise Permanent(
            f"{key!r} is no object key: use up to four names of letters, digits, '.', '_' and '-', joined by '/', "
            "none of them empty, starting with a dot or longer than 200."
        )


def check_size(key: str, size: int, at_most: int | None) -> None:
    """Raise `TooLarge` for an object of `size` bytes where only `at_most` are wanted."""
    if at_most is not None and size > at_most:
        raise TooLarge(f"The object {key!r} has {size:,} bytes; Loupe takes up to {at_most:,} here.")
