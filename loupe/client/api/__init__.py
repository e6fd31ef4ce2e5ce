"""What each call of the API is, a file a resource."""

from loupe.client.api import images, items, keys, operations, searching, shoppers

__all__ = ["images", "items", "keys", "operations", "searching", "shoppers"]
