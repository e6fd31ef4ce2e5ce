"""Files that carry a signature behind their end, over every byte before it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from shared.signing.canonical import canonical
from shared.signing.keys import PublicKey, SigningKey

_BEFORE = b"%loupe-signature "
"""A comment, in PDF; readers look for its end mark in the last 1,024 bytes."""


def signed_file(content: bytes, kind: str, key: SigningKey) -> bytes:
    """The file with its signature as a last line. `kind` keeps it from counting for a file of another sort."""
    body = content if content.endswith(b"\n") else content + b"\n"
    told = _told(body, kind, key.public.kid)
    signature = {**told, "signature": key.sign(canonical(told))}
    return body + _BEFORE + canonical(signature) + b"\n"


def check_file(data: bytes, kind: str, keys: Sequence[PublicKey]) -> str | None:
    """What is wrong with a signed file; None when nothing is."""
    body, before, line = data.rpartition(_BEFORE)
    if not before:
        return "The file has no signature: it was cut off, or saved anew by another program."
    try:
        given: dict[str, Any] = json.loads(line)
        kid, signature = str(given["kid"]), str(given["signature"])
    except (ValueError, KeyError, TypeError):
        return "The line with the signature cannot be read: it was changed."
    if line.rstrip(b"\n") != canonical(given) or line.count(b"\n") > 1:
        return "Something was written behind the signature."
    known = [key for key in keys if key.kid == kid]
    if not known:
        return f"It was signed by the key {kid}, which is none of those that are trusted."
    if given.get("bytes") != len(body) or given.get("sha256") != hashlib.sha256(body).hexdigest():
        return "The file was changed after it was signed."
    if given.get("type") != kind or not known[0].signed(canonical(_told(body, kind, kid)), signature):
        return "The signature is not that of this file."
    return None


def _told(body: bytes, kind: str, kid: str) -> dict[str, Any]:
    digest = hashlib.sha256(body).hexdigest()
    return {"alg": "Ed25519", "bytes": len(body), "kid": kid, "sha256": digest, "type": kind}
