"""What the inventory does with the messages of its queue. Each handler may run twice and in any order."""

from __future__ import annotations

from services.inventory.catalogue import Catalogue
from shared.contracts.messages import ImageAnalysed, ImageRemoved, ItemChanged
from shared.messaging import BundleHandlers, Handlers


def handlers(catalogue: Catalogue) -> Handlers:
    """The messages of the queue `inventory`, each with what is done about it."""
    return {
        ItemChanged: lambda message: catalogue.items_changed([message]),
        ImageAnalysed: lambda message: catalogue.images_analysed([message]),
        ImageRemoved: catalogue.image_removed,
    }


def bundle_handlers(catalogue: Catalogue) -> BundleHandlers:
    """The messages that come by the thousand."""
    return {ItemChanged: catalogue.items_changed, ImageAnalysed: catalogue.images_analysed}
