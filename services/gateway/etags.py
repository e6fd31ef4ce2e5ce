"""Entity tags of items (RFC 9110, section 8.8.3), and what a write may depend on.

`"r7"` is an item at its revision 7. One with pictures is shown as `"r7-1c9f02ab"`: the rest stands for its pictures as
they are shown, so that whoever asks for news hears of them. A write depends on the revision alone.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header

from shared.contracts.api import Item
from shared.errors import PreconditionFailed

MAX_TAGS = 1_000
"""Characters of a field with entity tags."""

_TAG = re.compile(r'(?:W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
_REVISION = re.compile(r"r([0-9]{1,18})(?:-|$)")


def etag_of(item: Item) -> str:
    """Changes whenever something of the item that is shown does."""
    if not item.images:
        return f'"r{item.revision}"'
    shown = hashlib.sha256("".join(image.model_dump_json() for image in item.images).encode())
    return f'"r{item.revision}-{shown.hexdigest()[:8]}"'


def is_known(etag: str, if_none_match: str | None) -> bool:
    """Whether who asks has just this already."""
    if if_none_match is None:
        return False
    return if_none_match.strip() == "*" or etag.strip('"') in _TAG.findall(if_none_match)


@dataclass(frozen=True)
class Precondition:
    """What must hold of an item for it to be written, checked in the transaction of the write.

    `revisions`: it is there, at one of these, or at any if the set is None though `exists`. A tag counts with what
    proxies that compress put before or behind it. `exists` False: it is not there.
    """

    exists: bool
    revisions: frozenset[int] | None = None

    def check(self, sku: str, revision: int | None) -> None:
        """Raises `PreconditionFailed` unless it holds of the item at this revision, None for one that is not there."""
        if not self.exists:
            if revision is not None:
                raise PreconditionFailed(
                    f"There is an item {sku!r} already, at revision {revision}: nothing was changed."
                )
        elif revision is None:
            raise PreconditionFailed(f"There is no item {sku!r} in this shop: nothing was changed.")
        elif self.revisions is not None and revision not in self.revisions:
            raise PreconditionFailed(
                f"The item {sku!r} is at revision {revision} by now: nothing was changed. Read it again, and send what "
                "you want with its new ETag."
            )


def if_match(
    given: Annotated[
        str | None,
        Header(
            alias="If-Match",
            max_length=MAX_TAGS,
            description='Write only if the item has this ETag, for example `"r7"`; `*`: if it is there.',
        ),
    ] = None,
) -> Precondition | None:
    if given is None:
        return None
    if given.strip() == "*":
        return Precondition(exists=True)
    found = (_REVISION.match(tag) for tag in _TAG.findall(given))
    return Precondition(exists=True, revisions=frozenset(int(tag[1]) for tag in found if tag))


def if_match_or_new(
    matching: Annotated[Precondition | None, Depends(if_match)],
    none_match: Annotated[
        str | None,
        Header(alias="If-None-Match", max_length=MAX_TAGS, description="`*`: write only if the item is not there yet."),
    ] = None,
) -> Precondition | None:
    if matching is None and none_match is not None and none_match.strip() == "*":
        return Precondition(exists=False)
    return matching


IfMatch = Annotated[Precondition | None, Depends(if_match)]
IfMatchOrNew = Annotated[Precondition | None, Depends(if_match_or_new)]
