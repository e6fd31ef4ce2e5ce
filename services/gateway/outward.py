"""Requests to addresses that shops name: webhooks, pictures to fetch. Never to what only Loupe's own network can reach.

A name is resolved once a request, and the addresses that were looked at are the ones connected to, so a name that
points elsewhere a moment later (DNS rebinding) gains nothing. Redirects are answers like others: nobody follows them.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from services.gateway.addresses import Address, is_public, parse_allowed
from shared.errors import Permanent, Retryable

MAX_URL = 2_048
_NAME_THREADS = 16
_PORTS = (443, *range(8000, 10_000))


class AddressRefused(Permanent):
    """Loupe sends nothing there."""

    code = "address-refused"
    title = "Loupe does not send to this address"


class Unreachable(Retryable):
    """No answer: the name is not known, nobody listens, TLS failed, or it took too long."""

    title = "The other side does not answer"


@dataclass(frozen=True)
class Answer:
    """`headers` have names in lower case. `body` is what came up to the limit; `whole` says that this was all."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    whole: bool


class Outward:
    """`allow`: networks (CIDR) and names of hosts of one's own to which anything may be sent, also by plain http.

    Everything else needs https, port 443 or 8000 to 9999, and a name or address that is public. `names` looks names up,
    by default the system.
    """

    def __init__(self, allow: Sequence[str] = (), names: AbstractResolver | None = None) -> None:
        self._names = names or _System()
        allowed = [parse_allowed(entry) for entry in allow]
        self._hosts = {entry for entry in allowed if isinstance(entry, str)}
        self._networks = [entry for entry in allowed if not isinstance(entry, str)]

    async def check(self, url: str, seconds: float = 3.0) -> None:
        """Raises `AddressRefused` where a request would. A name that nobody knows just now is let pass."""
        parsed = self._parse(url)
        try:
            async with asyncio.timeout(seconds):
                await self._resolver(parsed).resolve(parsed.raw_host or "", parsed.port or 0)
        except OSError:  # also when it takes too long
            return

    async def request(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes, seconds: float, at_most_bytes: int
    ) -> Answer:
        """One request, at most `seconds` in all, its answer read up to `at_most_bytes`, as it came (not unpacked).

        Raises `AddressRefused`, and `Unreachable` when no answer came.
        """
        parsed = self._parse(url)
        connector = aiohttp.TCPConnector(resolver=self._resolver(parsed), use_dns_cache=False, force_close=True)
        try:
            async with (
                aiohttp.ClientSession(
                    connector=connector,
                    cookie_jar=aiohttp.DummyCookieJar(),
                    timeout=aiohttp.ClientTimeout(total=seconds),
                    auto_decompress=False,
                ) as session,
                session.request(
                    method,
                    parsed,
                    headers={"Accept-Encoding": "identity", **headers},
                    data=body or None,
                    allow_redirects=False,
                ) as response,
            ):
                read = await _read(response, at_most_bytes + 1)
                return Answer(
                    status=response.status,
                    headers={name.lower(): value for name, value in response.headers.items()},
                    body=read[:at_most_bytes],
                    whole=len(read) <= at_most_bytes,
                )
        except TimeoutError as error:
            raise Unreachable(f"{parsed.host} did not answer within {seconds:g} seconds.") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise Unreachable(f"{parsed.host} could not be asked: {_told(error)}.") from error

    def _parse(self, url: str) -> URL:
        try:
            parsed = URL(url)
            host, port = parsed.raw_host, parsed.port
        except ValueError as error:
            raise AddressRefused("This is no address. Write it like https://shop.example/loupe.") from error
        if parsed.scheme not in ("http", "https") or not host or not port or len(url) > MAX_URL:
            raise AddressRefused(
                f"Write the address like https://shop.example/loupe, with at most {MAX_URL:,} characters."
            )
        if parsed.raw_user is not None or parsed.raw_password is not None:
            raise AddressRefused("Leave name and password out of the address.")
        literal = _literal(host)
        if literal:
            self._judge(parsed, [literal])
        return parsed.with_fragment(None)

    def _resolver(self, url: URL) -> _Judged:
        return _Judged(self._names, lambda addresses: self._judge(url, addresses))

    def _judge(self, url: URL, addresses: Sequence[Address]) -> None:
        """Raises `AddressRefused` unless a request to `url` may connect to every one of `addresses`."""
        if (url.raw_host or "").lower().rstrip(".") in self._hosts:
            return
        others = [address for address in addresses if not self._is_allowed(address)]
        if not others:
            return
        if not all(is_public(address) for address in others):
            raise AddressRefused(
                f"{url.host} is not a public address. Who runs Loupe can allow it: GATEWAY_OUTWARD_ALLOW."
            )
        if url.scheme != "https":
            raise AddressRefused("Loupe sends by https alone. Write the address with https://.")
        if url.port not in _PORTS:
            raise AddressRefused(f"Loupe sends to port 443, or 8000 to 9999, not to {url.port}.")

    def _is_allowed(self, address: Address) -> bool:
        mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
        return any(form in network for form in (address, mapped) if form for network in self._networks)


class _System(AbstractResolver):
    """The system's names, on threads of their own: one that is slow to answer holds up nothing else."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_NAME_THREADS, "names")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        def look_up() -> list[ResolveResult]:
            found = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, 0, socket.AI_ADDRCONFIG)
            return [
                ResolveResult(
                    hostname=host,
                    host=str(address[0]),
                    port=port,
                    family=each,
                    proto=protocol,
                    flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
                )
                for each, _, protocol, _, address in found
            ]

        return await asyncio.get_running_loop().run_in_executor(self._threads, look_up)

    async def close(self) -> None:
        pass


class _Judged(AbstractResolver):
    """Has every address judged before any of them is connected to."""

    def __init__(self, names: AbstractResolver, judge: Callable[[Sequence[Address]], None]) -> None:
        self._names = names
        self._judge = judge

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        try:
            found = await self._names.resolve(host, port, family)
        except ValueError as error:  # a part of it is too long, or empty
            raise AddressRefused("This cannot be the name of a host.") from error
        self._judge([ip_address(each["host"]) for each in found])
        return found

    async def close(self) -> None:
        """The names outlive a request."""


def _literal(host: str) -> Address | None:
    """The address that `host` is, None for a name. Only as it is written in full: 127.1 and 0x7f000001 are names or
    refused, since readers differ about them."""
    try:
        return ip_address(host)
    except ValueError:
        if ":" in host or host.replace(".", "").isdigit():
            raise AddressRefused(f"Write the address {host} in full, or name the host.") from None
    return None


async def _read(response: aiohttp.ClientResponse, at_most: int) -> bytes:
    read = bytearray()
    while len(read) < at_most and (chunk := await response.content.read(at_most - len(read))):
        read += chunk
    return bytes(read)


def _told(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "nobody knows this name"
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError):
        return "its certificate does not hold"
    if isinstance(error, aiohttp.ClientConnectorError):
        return "nobody takes the connection"
    return type(error).__name__
