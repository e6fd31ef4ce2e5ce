"""What each call of the API is, a file a resource."""

from loupe.client.api import (
    advice,
    images,
    imports,
    inventory,
    items,
    keys,
    lookalikes,
    operations,
    people,
    searching,
    shoppers,
    stocktakes,
    styles,
    uploads,
    webhooks,
)

__all__ = [
    "advice",
    "images",
    "imports",
    "inventory",
    "items",
    "keys",
    "lookalikes",
    "operations",
    "people",
    "searching",
    "shoppers",
    "stocktakes",
    "styles",
    "uploads",
    "webhooks",
]
