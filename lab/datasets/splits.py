"""Splits that keep what looks the same together."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from lab.datasets.record import Record


def groups(records: Sequence[Record]) -> list[str]:
    """A name for each record's group: records of one item, one dup_group or the same bytes are in one group."""
    parent: dict[str, str] = {}

    def root(key: str) -> str:
        parent.setdefault(key, key)
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    keys = [_keys(record) for record in records]
    for first, *others in keys:
        for other in others:
            low, high = sorted((root(first), root(other)))
            parent[high] = low
    return [root(first) for first, *_ in keys]


def _keys(record: Record) -> list[str]:
    keys = [f"bytes {record.sha256}"]
    keys += [f"item {record.collection} {record.item_id}"] if record.item_id else []
    keys += [f"dup {record.dup_group}"] if record.dup_group else []
    return keys


def assign(records: Sequence[Record], val: float = 0.15, test: float = 0.25) -> list[Record]:
    """The records with a split each: `test` and `val` are shares of the groups, drawn by a hash of the group's name.

    The same picture gets the same split whichever other groups are in the list. Given splits are replaced.
    """
    out = []
    for record, group in zip(records, groups(records), strict=True):
        place = int.from_bytes(hashlib.sha256(group.encode()).digest()[:8]) / 2**64
        split = "test" if place < test else "val" if place < test + val else "train"
        out.append(replace(record, split=split))
    return out


def leaks(records: Sequence[Record]) -> dict[str, list[Record]]:
    """The groups that have pictures in more than one split, by name: what a model trained here would know already."""
    members: dict[str, list[Record]] = defaultdict(list)
    for record, group in zip(records, groups(records), strict=True):
        members[group].append(record)
    return {name: those for name, those in members.items() if len({record.split for record in those}) > 1}
