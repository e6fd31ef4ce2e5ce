"""What is wrong with a manifest, all of it at once, in words that its maker can act on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

MAX_TOLD = 50


@dataclass(frozen=True, slots=True)
class Fault:
    """`line` counts from 1, the header; 0 is the manifest as a whole. `told` says what is wrong and what to do."""

    line: int
    told: str


class ManifestError(ValueError):
    """A manifest that cannot be used; its text lists up to 50 faults by line."""

    def __init__(self, source: Path, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        lines = [f"line {fault.line}: {fault.told}" if fault.line else fault.told for fault in faults[:MAX_TOLD]]
        if len(faults) > MAX_TOLD:
            lines.append(f"and {len(faults) - MAX_TOLD} more")
        noun = "fault" if len(faults) == 1 else "faults"
        super().__init__(f"{source} has {len(faults)} {noun}:\n  " + "\n  ".join(lines))
