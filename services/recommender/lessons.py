"""What is learned in the background."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Learned:
    """`held` is stored and loaded. `figure`: higher is better, on `of` acts later than those it learned from; `before`
    is that of what is in use, on the same."""

    held: bytes
    figure: float
    before: float | None
    of: int


class Lesson(Protocol):
    name: str

    def learn(self, tenant: str) -> Learned | None:
        """None: there is too little to learn from."""
        ...
