"""Words in the one form in which they are compared."""

from __future__ import annotations

import unicodedata

Phrase = tuple[str, ...]
"""Words without case, accents and plural."""


def folded(text: str) -> str:
    """Without capitals and accents."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in decomposed if unicodedata.category(c) != "Mn")


def singular(word: str) -> str:
    """A word of English without its plural; both are folded."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("ches", "shes", "xes", "sses")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def phrase(text: str) -> Phrase:
    """What is matched: words without case, accents, hyphens and plural."""
    return tuple(singular(word) for word in folded(text).replace("-", " ").replace("'", "").split())
