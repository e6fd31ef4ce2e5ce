"""What the OpenAPI document says of the API as a whole."""

from __future__ import annotations

ABOUT = """Visual search for jewelry: put items and their pictures, then search by a photo and get suggestions.

Every request needs an API key, `Authorization: Bearer <key>`, with the scope that the call names. `RateLimit` in an
answer tells how many more requests the key may send, and `Retry-After` of a 429 when to go on. Whatever goes wrong is
told by a problem document (RFC 9457, `application/problem+json`): `detail` says what was wrong and what to do,
`correlation_id` finds it in the logs. A 503 may be sent again as it is; with an `Idempotency-Key` a POST or PATCH
may be too. Lists come in pages: give `next_cursor` back as `cursor`."""
TAGS = [
    {"name": "items", "description": "What the shop sells."},
    {"name": "images", "description": "Pictures of items: accepted at once, indexed a moment later."},
    {"name": "imports", "description": "A whole catalogue in one file: a job that tells what became of each row."},
    {"name": "search", "description": "From a picture, or an item, to the pieces that look like it."},
    {"name": "shoppers", "description": "What shoppers do, and what is suggested to them."},
    {"name": "webhooks", "description": "What becomes of pictures and items, posted to an address of the shop's."},
    {"name": "administration", "description": "The keys of the shop."},
    {"name": "contract", "description": "Schemas of the events that shops and Loupe exchange by queue."},
    {"name": "operations", "description": "Health, metrics and counts."},
]
