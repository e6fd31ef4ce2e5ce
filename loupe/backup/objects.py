"""Objects from one store into another, whatever kinds of stores they are."""

from __future__ import annotations

from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

from shared.errors import NotFound
from shared.objectstore import ObjectStore

BUCKETS = ("pictures", "analyses", "imports", "letters", "references", "verifications", "boards")
"""Those that are backed up. What shops put into `incoming` is not Loupe's before it has taken it."""
_IN_MEMORY = 8_000_000


def mirror(source: ObjectStore, target: ObjectStore, tenant: str) -> int:
    """Make the shop's objects in `target` those of `source`, deleting what is there besides; how many were copied.

    What `target` has of an object that was not put since is left alone, so a second backup copies what is new.
    """
    there = {entry.key: entry.put_at for entry in target.entries(tenant)}
    copied = 0
    for entry in source.entries(tenant):
        kept_at = there.pop(entry.key, None)
        if kept_at is None or kept_at <= entry.put_at:
            copied += copy(source, target, tenant, entry.key)
    for key in there:
        target.delete(tenant, key)
    return copied


def copy_all(source: ObjectStore, target: ObjectStore, tenant: str) -> int:
    """Put all of the shop's objects of `source` into `target`; how many there were."""
    return sum(copy(source, target, tenant, key) for key in source.keys(tenant))


def copy(source: ObjectStore, target: ObjectStore, tenant: str, key: str) -> bool:
    """Whether the object was still there."""
    with SpooledTemporaryFile(_IN_MEMORY) as piece:
        file = cast(BinaryIO, piece)
        try:
            source.fetch(tenant, key, file)
        except NotFound:
            return False
        file.seek(0)
        target.put(tenant, key, file)
    return True
