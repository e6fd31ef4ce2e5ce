"""The words of a text as terms: what they are by the hash of their stem, and how much each counts in the text."""

from __future__ import annotations

import hashlib
import re
import threading
import unicodedata
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

import snowballstemmer

from shared.contracts.text import MAX_TERMS, Term, Weight

_K1 = 1.2
_B = 0.75
_USUAL_WORDS = 40
"""In a piece's title, tags and description together: BM25's mean length, fixed so that a text is always the same."""
_DIGITS = 6
_WORD = re.compile(r"\w+")
_lock = threading.Lock()
_english = snowballstemmer.stemmer("english")


def terms_of(text: str) -> dict[Term, Weight]:
    """The term part of BM25 without the rarity, which the index knows.

    tf * (k1 + 1) / (tf + k1 * (1 - b + b * words / usual words)), with k1 = 1.2 and b = 0.75 (Robertson and Zaragoza,
    "The Probabilistic Relevance Framework", 2009). A text of more than `MAX_TERMS` terms keeps the heaviest.
    """
    counts = Counter(map(_hash, _stems(text)))
    spread = _K1 * (1 - _B + _B * counts.total() / _USUAL_WORDS)
    return {term: round(count * (_K1 + 1) / (count + spread), _DIGITS) for term, count in counts.most_common(MAX_TERMS)}


def _stems(text: str) -> Iterator[str]:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    words = _WORD.findall("".join(c for c in decomposed if unicodedata.category(c) != "Mn"))
    return map(_stem, words)


@lru_cache(maxsize=50_000)
def _stem(word: str) -> str:
    """By the English Porter2 stemmer, which leaves most words of other languages nearly alone."""
    with _lock:  # a stemmer keeps the word that it works on
        return str(_english.stemWord(word))


def _hash(stem: str) -> Term:
    return int.from_bytes(hashlib.blake2b(stem.encode(errors="surrogatepass"), digest_size=4).digest(), "little")
