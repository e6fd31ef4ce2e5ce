"""Pictures that a file names by address: from hosts that whoever runs Loupe trusts, and from no others."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from urllib.parse import urlsplit

from services.gateway.outward import Outward
from shared.contracts.fields import MAX_PICTURE_BYTES
from shared.errors import LoupeError, Permanent, Retryable

_AT_ONCE = 8
_SECONDS = 30.0
_ATTEMPTS = 3
_PAUSE_SECONDS = 1.0
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})


class NotFetched(Permanent):
    """The picture could not, or must not, be got."""


class Fetcher:
    """`hosts` are names; `*.example.com` stands for all below example.com."""

    def __init__(self, outward: Outward, hosts: Sequence[str]) -> None:
        self._outward = outward
        self._hosts = {host.strip().lower() for host in hosts}

    def check(self, url: str) -> None:
        """Raises `NotFetched` for an address from which no picture is fetched."""
        try:
            host = (urlsplit(url).hostname or "").rstrip(".")
        except ValueError:
            host = ""
        if not host or not url.lower().startswith(("https://", "http://")):
            raise NotFetched("This is neither a picture of the file nor an https address.")
        below = {f"*.{host.split('.', at)[-1]}" for at in range(1, host.count(".") + 1)}
        if self._hosts.isdisjoint({host, *below}):
            raise NotFetched(
                f"Loupe does not fetch from {host[:200]}. Who runs Loupe can allow it: GATEWAY_FETCH_HOSTS. Or upload "
                "the picture."
            )

    def fetch(self, urls: Sequence[str]) -> list[bytes | NotFetched]:
        """The bytes behind each address, or why there are none. Not to be called where an event loop runs."""
        found: dict[str, bytes | NotFetched] = {}
        for url in urls:
            try:
                self.check(url)
            except NotFetched as refused:
                found[url] = refused
        asked = [url for url in dict.fromkeys(urls) if url not in found]
        if asked:
            found |= zip(asked, asyncio.run(self._fetch(asked)), strict=True)
        return [found[url] for url in urls]

    async def _fetch(self, urls: Sequence[str]) -> list[bytes | NotFetched]:
        room = asyncio.Semaphore(_AT_ONCE)

        async def one(url: str) -> bytes | NotFetched:
            async with room:
                try:
                    return await self._one(url)
                except NotFetched as refused:
                    return refused
                except LoupeError as error:
                    return NotFetched(error.detail)

        return await asyncio.gather(*map(one, urls))

    async def _one(self, url: str) -> bytes:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                answer = await self._outward.request(
                    "GET",
                    url,
                    headers={"Accept": "image/*", "User-Agent": "Loupe"},
                    body=b"",
                    seconds=_SECONDS,
                    at_most_bytes=MAX_PICTURE_BYTES,
                )
            except Retryable:
                if attempt == _ATTEMPTS:
                    raise
            else:
                if answer.status == 200:
                    if not answer.whole:
                        raise NotFetched(f"The picture is over {MAX_PICTURE_BYTES // 1_000_000} MB.")
                    return answer.body
                if answer.status not in _AGAIN or attempt == _ATTEMPTS:
                    raise NotFetched(f"The address answered {answer.status}, not with a picture.")
            await asyncio.sleep(_PAUSE_SECONDS * attempt)
        raise AssertionError("unreachable")
