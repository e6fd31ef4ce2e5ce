"""All routes of the HTTP API, in the order in which the document shows them."""

from __future__ import annotations

from services.gateway.routes import (
    admin,
    advice,
    boards,
    catalogue_map,
    images,
    imports,
    inventory,
    items,
    keys,
    lookalikes,
    page,
    people,
    public,
    reconcile,
    references,
    schemas,
    search,
    shoppers,
    status,
    stocktakes,
    styles,
    suggestions,
    training,
    uploads,
    verifications,
    webhooks,
)

ROUTERS = [
    *(
        resource.router
        for resource in (
            items,
            images,
            imports,
            inventory,
            styles,
            advice,
            stocktakes,
            references,
            verifications,
            public,
            lookalikes,
            search,
            boards,
            catalogue_map,
            shoppers,
            people,
            suggestions,
            status,
            reconcile,
            keys,
            admin,
            training,
            uploads,
            webhooks,
            page,
            schemas,
        )
    ),
    boards.public,
]
