"""The language in which a person is told why, as their browser asks for it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header

from shared.contracts.references import Language

_LONGEST = 1_000


def language_of(accepted: str) -> Language:
    """Of an `Accept-Language`: Chinese where that is asked for first, else English."""
    return "zh" if accepted.strip().lower().startswith("zh") else "en"


async def _spoken(
    accept_language: Annotated[
        str, Header(max_length=_LONGEST, description="Reasons are in Chinese where `zh` comes first, else in English.")
    ] = "",
) -> Language:
    return language_of(accept_language)


Spoken = Annotated[Language, Depends(_spoken)]
