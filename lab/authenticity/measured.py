"""Features of claims by what compares them, kept on disk: a run that is cut off goes on."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from lab.authenticity.pairs import Claim
from shared.contracts.comparing import MAX_REFERENCES


@dataclass(frozen=True, slots=True)
class Seen:
    """What comparing told of one claim."""

    features: Mapping[str, float]
    codes: tuple[str, ...]


class Engine(Protocol):
    """What compares. `method`: features of two methods are not to be mixed."""

    @property
    def method(self) -> str: ...

    def compare(self, query: bytes, references: Sequence[bytes]) -> list[Seen]:
        """The query against each of up to eight references."""


Group = list[Claim]
"""Claims of one photo, as many as are compared in one call."""
Spread = Callable[[Sequence[Group]], Iterator[tuple[Group, list[Seen]]]]
"""Asks for each of the groups, in any order."""


def measured(claims: Sequence[Claim], engine: Engine, cache: Path, spread: Spread | None = None) -> list[Seen]:
    """Of every claim, in order; what `cache` has is not compared again. One call at a time may write to a cache.

    By `engine`, one group after another, or as `spread` has it: by engines of the same method.
    """
    path = cache / "features" / f"{hashlib.sha256(engine.method.encode()).hexdigest()[:12]}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    known = _read(path)
    groups = _groups([claim for claim in claims if _key(claim) not in known])
    found = spread(groups) if spread else ((group, asked(engine, group)) for group in groups)
    began = time.monotonic()
    cut_off = path.is_file() and not path.read_bytes().endswith(b"\n")
    with path.open("a", encoding="utf-8") as file:
        file.write("\n" if cut_off else "")
        for done, (group, told) in enumerate(found, 1):
            for claim, seen in zip(group, told, strict=True):
                known[_key(claim)] = seen
                row = {"key": _key(claim), "features": dict(seen.features), "codes": list(seen.codes)}
                file.write(json.dumps(row) + "\n")
            file.flush()
            if done % 100 == 0:
                left = (len(groups) - done) * (time.monotonic() - began) / done
                print(f"{engine.method}: {done} of {len(groups)} photos, {left:.0f} s left", flush=True)
    return [known[_key(claim)] for claim in claims]


def asked(engine: Engine, group: Group) -> list[Seen]:
    """The group's photo against each of its references."""
    return engine.compare(group[0].picture(), [claim.reference.read_bytes() for claim in group])


def _groups(claims: Sequence[Claim]) -> list[Group]:
    of_photo: dict[tuple[Path, str], list[Claim]] = {}
    for claim in claims:
        of_photo.setdefault((claim.query, claim.change), []).append(claim)
    return [
        group[start : start + MAX_REFERENCES]
        for group in of_photo.values()
        for start in range(0, len(group), MAX_REFERENCES)
    ]


def _key(claim: Claim) -> str:
    """Names do: `render.VERSION` keeps pictures of two renderers apart."""
    query, reference = ("/".join(path.parts[-3:]) for path in (claim.query, claim.reference))
    return f"{query} {claim.change} {reference}"


def _read(path: Path) -> dict[str, Seen]:
    """A line that was cut off by a kill is passed over."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else []:
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            continue
        found[row["key"]] = Seen(row["features"], tuple(row["codes"]))
    return found
