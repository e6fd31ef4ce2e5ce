"""The classes that every model is measured on."""

from __future__ import annotations

from lab.datasets import Record

KINDS = ("bracelet", "earring", "loose-stone", "necklace", "not-jewelry", "ring", "watch")
"""Of the manifest's types: `pendant` counts as `necklace` (sources disagree), `brooch` has no train picture and a
`set` shows several pieces."""


def kind(record: Record) -> str:
    """The record's class of KINDS, or an empty string."""
    merged = "necklace" if record.type == "pendant" else record.type
    return merged if merged in KINDS else ""
