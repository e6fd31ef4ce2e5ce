"""Requests to addresses that shops name: webhooks, pictures to fetch. Never to what only Loupe's own network can reach.

A name is resolved once a request, and the addresses that were looked at are the ones connected to, so a name that
points elsewhere a moment later (DNS rebinding) gains nothing. Redirects are answers like others: nobody follows them.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from shared.errors import Permanent, Retryable

MAX_URL = 2_048
_Address = IPv4Address | IPv6Address
_PORTS = (443, *range(8000, 10_000))
_UNICAST = ip_network("2000::/3")
_NAT64 = ip_network("64:ff9b::/96")
_RESERVED = (
    ip_network("168.63.129.16/32"),  # Azure's own server behind a public address
    ip_network("192.0.0.0/24"),  # protocols; a cloud keeps its metadata here
    ip_network("192.88.99.0/24"),  # relays to 6to4
    ip_network("3fff::/20"),  # documentation, which Python 3.11 does not know
)


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


def parse_allowed(entry: str) -> IPv4Network | IPv6Network | str:
    """A network, or a host's name in lower case. Raises `ValueError` for what is neither."""
    entry = entry.strip().lower().rstrip(".")
    try:
        return ip_network(entry, strict=False)
    except ValueError:
        if not entry or set(entry) - set("abcdefghijklmnopqrstuvwxyz0123456789.-") or entry.replace(".", "").isdigit():
            raise ValueError(f"{entry!r} is neither a network such as 10.0.0.0/8 nor the name of a host") from None
    return entry


class Outward:
    """`allow`: networks (CIDR) and names of hosts of one's own to which anything may be sent, also by plain http.

    Everything else needs https, port 443 or 8000 to 9999, and a name or address that is public. `names` makes what
    looks names up.
    """

    def __init__(self, allow: Sequence[str] = (), names: Callable[[], AbstractResolver] = ThreadedResolver) -> None:
        self._names = names
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

    def _resolver(self, url: URL) -> _Resolver:
        return _Resolver(self._names(), lambda addresses: self._judge(url, addresses))

    def _judge(self, url: URL, addresses: Sequence[_Address]) -> None:
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

    def _is_allowed(self, address: _Address) -> bool:
        mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
        return any(form in network for form in (address, mapped) if form for network in self._networks)


class _Resolver(AbstractResolver):
    """Has every address judged before any of them is connected to."""

    def __init__(self, names: AbstractResolver, judge: Callable[[Sequence[_Address]], None]) -> None:
        self._names = names
        self._judge = judge

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._names.resolve(host, port, family)
        self._judge([ip_address(each["host"]) for each in found])
        return found

    async def close(self) -> None:
        await self._names.close()


def is_public(address: _Address) -> bool:
    """Whether everybody's packets for it go to the same machine, out on the internet."""
    if any(address in network for network in _RESERVED) or address.is_multicast or not address.is_global:
        return False
    if isinstance(address, IPv6Address):
        return (address in _UNICAST or address in _NAT64) and all(is_public(inner) for inner in _inside(address))
    return True


def _inside(address: _Address) -> list[IPv4Address]:
    """The IPv4 addresses that an IPv6 address stands for: mapped, NAT64, 6to4, Teredo."""
    if isinstance(address, IPv4Address):
        return []
    nat64 = IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else None
    forms = (address.ipv4_mapped, nat64, address.sixtofour, *(address.teredo or ()))
    return [form for form in forms if form is not None]


def _literal(host: str) -> _Address | None:
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
