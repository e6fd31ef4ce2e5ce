"""Why a result is shown, in words. Each says only what its source and its reasons hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from services.gateway.reasons import chinese, english
from shared.contracts.internal import Hit
from shared.contracts.references import Language

_REASONS = {"en": english.reason, "zh": chinese.reason}
_MATCHING = {"en": english.matching, "zh": chinese.matching}


def reason(hit: Hit, titles: Mapping[str, str], language: Language = "en", now: datetime | None = None) -> str:
    """One line for a shopper; `titles` are those of the items that sources name, by SKU. The shop's stock is no news:
    that it counted is in the parts alone. Days are those of UTC."""
    return _REASONS[language](hit, titles, now or datetime.now(UTC))


def matching(labels: Sequence[str], language: Language = "en") -> str:
    """Of what words asked for as filters alone: every result has all of it."""
    return _MATCHING[language](labels)
