"""What each call of the API is, a file a resource."""

from loupe.client.api import (
    advice,
    boards,
    images,
    imports,
    inventory,
    items,
    keys,
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
    "boards",
    "images",
    "imports",
    "inventory",
    "items",
    "keys",
    "operations",
    "people",
    "searching",
    "shoppers",
    "stocktakes",
    "styles",
    "uploads",
    "webhooks",
]
