"""What the inventory asks the embedder: which models it has, and what their cosines mean."""

from __future__ import annotations

import httpx
from pydantic import ValidationError

from services.inventory.settings import Settings
from shared.contracts.models import Models
from shared.errors import Retryable
from shared.fence import credentials

_SECONDS = 5.0


def loaded_models(settings: Settings) -> Models:
    """The loaded models, the one used in doubt first. Raises `Retryable` where the embedder does not tell."""
    try:
        url = f"{settings.embedder_url.rstrip('/')}/models"
        answer = httpx.get(url, headers=credentials(settings.internal_secret), timeout=_SECONDS)
        answer.raise_for_status()
        return Models.model_validate_json(answer.content)
    except (httpx.HTTPError, ValidationError) as error:
        raise Retryable(
            f"The embedder does not tell its models ({type(error).__name__}). It may be starting; what needs them is "
            "tried again. If this stays, look at EMBEDDER_URL and INTERNAL_SECRET."
        ) from error
