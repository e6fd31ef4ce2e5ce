"""Public sequences of interactions, and the protocol: leave the last out, rank all items."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
SHARED = Path("../shared/data/interactions/clothing_shoes_jewelry_seq.txt")


@dataclass(frozen=True, slots=True)
class Questions:
    """Of each shopper of `shoppers` the items they had, oldest first, and the `targets` that came next."""

    shoppers: Ints
    had: Sequence[Ints]
    targets: Ints

    def sample(self, count: int) -> Questions:
        """So many of them, drawn at random, always the same ones."""
        drawn = np.sort(np.random.default_rng(0).permutation(len(self.had))[:count])
        return Questions(self.shoppers[drawn], [self.had[n] for n in drawn], self.targets[drawn])

    def parts(self, size: int) -> Iterator[Questions]:
        for start in range(0, len(self.had), size):
            end = start + size
            yield Questions(self.shoppers[start:end], self.had[start:end], self.targets[start:end])


@dataclass(frozen=True, slots=True, eq=False)
class Interactions:
    """Sequences of item numbers, 0 to `items` - 1, one a shopper, oldest first, of at least three.

    The last item of each is the test target, the one before it the validation target; models learn from the others.
    """

    items: int
    sequences: Sequence[Ints]

    @property
    def training(self) -> list[Ints]:
        return [one[:-2] for one in self.sequences]

    @property
    def popularity(self) -> Ints:
        """How many shoppers have the item in the training part, by item."""
        return np.bincount(np.concatenate(self.training), minlength=self.items)

    @property
    def validation(self) -> Questions:
        return self._before(2)

    @property
    def test(self) -> Questions:
        return self._before(1)

    def _before(self, back: int) -> Questions:
        targets = np.array([one[-back] for one in self.sequences])
        return Questions(np.arange(len(targets)), [one[:-back] for one in self.sequences], targets)


def read(path: Path) -> Interactions:
    """A file of one shopper a line: the shopper, then the items, numbered from 1, in the order of time.

    Items are numbered anew at random. Those of the file were numbered as they came, a shopper's own one after another:
    where scores are equal, the item with the lower number would be right more often than by chance.
    """
    lines = [[int(item) - 1 for item in line.split()[1:]] for line in path.read_text().splitlines()]
    items = max(max(line) for line in lines) + 1
    anew = np.random.default_rng(0).permutation(items)
    return Interactions(items, [anew[line] for line in lines])
