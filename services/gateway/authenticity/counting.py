"""Pictures of references, counted with the shop's others: before they are sent on, and no more once they are gone.

Where it is never heard what became of them, as when this process is killed meanwhile, they stay counted until what the
shop has is counted anew, which the collection does.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from services.gateway.quotas import Quotas
from shared.contracts.references import RecordPicture
from shared.contracts.usage import QuotaName
from shared.errors import LoupeError, Retryable


@asynccontextmanager
async def counted(quotas: Quotas, tenant: str, pictures: Sequence[RecordPicture]) -> AsyncIterator[None]:
    """While these are registered. Raises `QuotaExceeded`, before anything is sent, for those that do not fit."""
    await asyncio.to_thread(quotas.count, tenant, _of(pictures))
    try:
        yield
    except Retryable:  # nobody knows whether they are there
        raise
    except LoupeError:
        await uncounted(quotas, tenant, pictures)
        raise


async def uncounted(quotas: Quotas, tenant: str, pictures: Sequence[RecordPicture]) -> None:
    """These are gone."""
    less = {name: -number for name, number in _of(pictures).items()}
    await asyncio.to_thread(quotas.count, tenant, less)


def _of(pictures: Sequence[RecordPicture]) -> dict[QuotaName, int]:
    return {"pictures": len(pictures), "storage_bytes": sum(picture.bytes for picture in pictures)}
