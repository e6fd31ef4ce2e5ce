"""Receipts that a shop can show to others: signed by Ed25519, checked with a public key that anybody may read."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.gateway.signing import keyed_hash
from shared.contracts.people import PublicKey, PublicKeys
from shared.errors import Permanent

_BYTES = 32


class Receipts:
    """`key`: 32 random bytes in base64url, or None: then it is made of the gateway's `secret`."""

    def __init__(self, key: str | None, secret: str) -> None:
        seed = _decoded(key) if key else bytes.fromhex(keyed_hash(secret, "receipts"))
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        public = {"crv": "Ed25519", "kty": "OKP", "x": _encoded(self._key.public_key().public_bytes_raw())}
        thumbprint = hashlib.sha256(orjson.dumps(public, option=orjson.OPT_SORT_KEYS)).digest()
        self._public = PublicKey(kty="OKP", crv="Ed25519", x=public["x"], kid=_encoded(thumbprint))

    def sign(self, claims: dict[str, Any]) -> str:
        """A compact JWS (RFC 7515, RFC 8037) over the claims as JSON; its header names the key by `kid`."""
        header = {"alg": "EdDSA", "kid": self._public.kid, "typ": "loupe-erasure+jws"}
        signed = f"{_encoded(orjson.dumps(header))}.{_encoded(orjson.dumps(claims))}"
        return f"{signed}.{_encoded(self._key.sign(signed.encode()))}"

    def public_keys(self) -> PublicKeys:
        return PublicKeys(keys=[self._public])


def _decoded(key: str) -> bytes:
    try:
        seed = base64.urlsafe_b64decode(key.strip() + "=" * (-len(key.strip()) % 4))
    except ValueError:
        seed = b""
    if len(seed) != _BYTES:
        raise Permanent("GATEWAY_RECEIPT_KEY needs 32 random bytes in base64url: `head -c 32 /dev/urandom | base64`.")
    return seed


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
