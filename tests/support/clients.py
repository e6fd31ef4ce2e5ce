"""Both clients of the HTTP API behind one face, so that each test of one is a test of the other."""

from __future__ import annotations

import asyncio
from typing import Any

from loupe.client import AsyncClient, Client


class Caller:
    """Calls a method of a client by its name; a list that comes by pages is read to its end."""

    def __init__(self, kind: str, address: str, key: str = "a-key", **settings: Any) -> None:
        self._kind, self.address, self._key, self._settings = kind, address, key, settings

    def at(self, address: str) -> Caller:
        """The same client of another address."""
        return Caller(self._kind, address, self._key, **self._settings)

    def __call__(self, method: str, *arguments: Any, **named: Any) -> Any:
        if self._kind == "awaited":
            return asyncio.run(self._awaited(method, *arguments, **named))
        with Client(self.address, self._key, **self._settings) as client:
            answer = getattr(client, method)(*arguments, **named)
            return list(answer) if hasattr(answer, "__next__") else answer

    async def _awaited(self, method: str, *arguments: Any, **named: Any) -> Any:
        async with AsyncClient(self.address, self._key, **self._settings) as client:
            answer = getattr(client, method)(*arguments, **named)
            return [one async for one in answer] if hasattr(answer, "__anext__") else await answer
