"""What was made of a picture, kept for the next time that it is compared with."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Made = TypeVar("Made")


class Kept(Generic[Made]):
    """The `most` that were used last. Safe to call from many threads; two that ask at once may both make it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._made: OrderedDict[Hashable, Made] = OrderedDict()
        self._changing = threading.Lock()

    def of(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """What was made under this key, or is made now."""
        with self._changing:
            if key in self._made:
                self._made.move_to_end(key)
                return self._made[key]
        made = make()
        with self._changing:
            self._made[key] = made
            while len(self._made) > self._most:
                self._made.popitem(last=False)
        return made
