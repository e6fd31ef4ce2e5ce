"""A seal under a JSON document: what each of its values was, by hash, and a signature over that.

A signature over a whole document tells that something in it was changed. This one tells what.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.signing.canonical import canonical
from shared.signing.keys import PublicKey, SigningKey

Seal = dict[str, Any]
"""`alg`, `kid`, `type`, `digests` (SHA-256 in hex by RFC 6901 pointer of each value that holds no others) and
`signature`, in base64url, over the canonical form of all of them but itself."""

_ALG = "Ed25519"


@dataclass(frozen=True)
class Findings:
    """What a check found; `whole` when there is nothing. The lists are pointers into the document."""

    signature: bool
    changed: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        return self.signature and not (self.changed or self.added or self.missing)


def seal(document: Mapping[str, Any], kind: str, key: SigningKey) -> Seal:
    """`kind` keeps a seal made for one sort of document from counting for another."""
    told = {"alg": _ALG, "kid": key.public.kid, "type": kind, "digests": digests_of(document)}
    return {**told, "signature": key.sign(canonical(told))}


def check(document: Mapping[str, Any], sealed: Mapping[str, Any], kind: str, keys: Sequence[PublicKey]) -> Findings:
    """Hold a document against its seal and against the keys that are trusted."""
    told = {name: value for name, value in sealed.items() if name != "signature"}
    signature, given = str(sealed.get("signature", "")), sealed.get("digests")
    try:
        content = canonical(told)
    except ValueError:
        content = b""
    ours = told.get("type") == kind and told.get("alg") == _ALG
    signed = ours and any(key.kid == told.get("kid") and key.signed(content, signature) for key in keys)
    then = given if isinstance(given, dict) else {}
    now = digests_of(document)
    return Findings(
        signature=signed,
        changed=sorted(name for name in now if name in then and now[name] != then[name]),
        added=sorted(name for name in now if name not in then),
        missing=sorted(name for name in then if name not in now),
    )


def digests_of(document: Mapping[str, Any]) -> dict[str, str]:
    """The hash of each value that holds no others, by its pointer."""
    return {pointer: hashlib.sha256(canonical(value)).hexdigest() for pointer, value in _leaves(document, "")}


def _leaves(value: Any, at: str) -> Iterator[tuple[str, Any]]:
    inner: Iterator[tuple[Any, Any]]
    if isinstance(value, dict) and value:
        inner = iter(value.items())
    elif isinstance(value, list) and value:
        inner = iter(enumerate(value))
    else:
        yield at, value
        return
    for name, one in inner:
        yield from _leaves(one, f"{at}/{str(name).replace('~', '~0').replace('/', '~1')}")
