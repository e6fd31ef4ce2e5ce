"""Signatures by Standard Webhooks, version 1 (HMAC-SHA256): https://www.standardwebhooks.com."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime

from services.gateway.signing import keyed_hash

_PREFIX = "whsec_"


def secret_of(gateway_secret: str, webhook_id: str, number: int) -> str:
    """The `number`-th secret of a webhook: `whsec_` and 32 bytes in base64. Made anew each time, so kept nowhere."""
    made = bytes.fromhex(keyed_hash(gateway_secret, "webhook", webhook_id, str(number)))
    return _PREFIX + base64.b64encode(made).decode()


def signed_headers(event_id: str, body: bytes, at: datetime, secrets: Sequence[str]) -> dict[str, str]:
    """The three headers of a delivery that is sent at `at`, with a signature by each of `secrets`."""
    seconds = str(int(at.timestamp()))
    content = b".".join((event_id.encode(), seconds.encode(), body))
    return {
        "webhook-id": event_id,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(f"v1,{_signature(secret, content)}" for secret in secrets),
    }


def _signature(secret: str, content: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    return base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
