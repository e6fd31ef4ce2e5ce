"""Which addresses are public, and how the operator names others."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address
_UNICAST = ip_network("2000::/3")
_NAT64 = ip_network("64:ff9b::/96")
_RESERVED = (
    ip_network("168.63.129.16/32"),  # Azure's own server behind a public address
    ip_network("192.0.0.0/24"),  # protocols; a cloud keeps its metadata here
    ip_network("192.88.99.0/24"),  # relays to 6to4
    ip_network("3fff::/20"),  # documentation, which Python 3.11 does not know
)


def parse_allowed(entry: str) -> IPv4Network | IPv6Network | str:
    """A network, or a host's name in lower case. Raises `ValueError` for what is neither."""
    entry = entry.strip().lower().rstrip(".")
    try:
        return ip_network(entry, strict=False)
    except ValueError:
        if not entry or set(entry) - set("abcdefghijklmnopqrstuvwxyz0123456789.-") or entry.replace(".", "").isdigit():
            raise ValueError(f"{entry!r} is neither a network such as 10.0.0.0/8 nor the name of a host") from None
    return entry


def is_public(address: Address) -> bool:
    """Whether everybody's packets for it go to the same machine, out on the internet."""
    if any(address in network for network in _RESERVED) or address.is_multicast or not address.is_global:
        return False
    if isinstance(address, IPv6Address):
        return (address in _UNICAST or address in _NAT64) and all(is_public(inner) for inner in _inside(address))
    return True


def _inside(address: Address) -> list[IPv4Address]:
    """The IPv4 addresses that an IPv6 address stands for: mapped, NAT64, 6to4, Teredo."""
    if isinstance(address, IPv4Address):
        return []
    nat64 = IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else None
    forms = (address.ipv4_mapped, nat64, address.sixtofour, *(address.teredo or ()))
    return [form for form in forms if form is not None]
