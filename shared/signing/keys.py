"""Ed25519 keys (RFC 8032) as JSON Web Keys show them (RFC 8037), named by their thumbprint (RFC 7638)."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from shared.errors import Permanent
from shared.signing.canonical import canonical

_BYTES = 32


@dataclass(frozen=True)
class PublicKey:
    """`x`: the 32 bytes of the key in base64url."""

    x: str

    @property
    def kid(self) -> str:
        """SHA-256 of the key's JWK, in base64url."""
        return encoded(hashlib.sha256(canonical({"crv": "Ed25519", "kty": "OKP", "x": self.x})).digest())

    def signed(self, content: bytes, signature: str) -> bool:
        """Whether this key made the signature, in base64url, over these bytes."""
        try:
            Ed25519PublicKey.from_public_bytes(decoded(self.x)).verify(decoded(signature), content)
        except (InvalidSignature, ValueError):
            return False
        return True


class SigningKey:
    """`seed`: 32 random bytes in base64url; `setting` is told who set a wrong one. Raises `Permanent` for that."""

    def __init__(self, seed: str, setting: str) -> None:
        try:
            raw = decoded(seed.strip())
        except ValueError:
            raw = b""
        if len(raw) != _BYTES:
            raise Permanent(f"{setting} needs 32 random bytes in base64url: `head -c 32 /dev/urandom | base64`.")
        self._key = Ed25519PrivateKey.from_private_bytes(raw)
        self.public = PublicKey(encoded(self._key.public_key().public_bytes_raw()))

    def sign(self, content: bytes) -> str:
        """The signature in base64url."""
        return encoded(self._key.sign(content))


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """Raises `ValueError` for what is no base64url."""
    plain = text.rstrip("=").replace("+", "-").replace("/", "_")
    return base64.urlsafe_b64decode(plain + "=" * (-len(plain) % 4))
