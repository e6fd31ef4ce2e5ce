"""A text as words, numbers and signs, each with its place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from services.gateway.words.spelling import folded, singular

_TOKEN = re.compile(
    r"(?P<word>w/o\b|(?:[^\W\d_][\u0300-\u036f]*)+(?:['\u2019](?:[^\W\d_][\u0300-\u036f]*)+)*)"
    r"|(?P<number>(?:[0-9]{1,3}(?:[,.'\u2019][0-9]{3})+|[0-9]+)(?:[.,][0-9]{1,2})?(?![0-9])(?:k\b)?)"
    r"|(?P<glue>(?<=[^\W_])[-\u2010\u2011](?=[^\W_]))"
    r"|(?P<sign>\S)",
    re.IGNORECASE,
)
_GROUPS = re.compile(r"[,.'\u2019](?=[0-9]{3}(?![0-9]))")


@dataclass(frozen=True, slots=True)
class Token:
    """`key` is a word without case, accents and plural, a number's digits, or a sign; text[start:end] is it as it was.

    `number` is a number's value.
    """

    start: int
    end: int
    key: str
    number: float | None = None


def tokens_of(text: str) -> list[Token]:
    """A hyphen between two words is none: they belong together anyway. Between two numbers it is the sign "-"."""
    found: list[Token] = []
    for match in _TOKEN.finditer(text):
        part = match.group()
        number = None
        if match.lastgroup == "word":
            key = singular(re.sub("['\u2019]", "", folded(part)))
        elif match.lastgroup == "number":
            key, number = part.casefold(), _value(part.casefold())
        elif match.lastgroup == "glue":
            if not (found and found[-1].number is not None):
                continue
            key = "-"
        else:
            key = "-" if part in "\u2013\u2014" else part
        found.append(Token(match.start(), match.end(), key, number))
    return found


def keys_of(text: str) -> tuple[str, ...]:
    """The keys of what is said, without signs at its ends."""
    keys = [token.key for token in tokens_of(text)]
    said = [place for place, key in enumerate(keys) if key[:1].isalnum()]
    return tuple(keys[said[0] : said[-1] + 1]) if said else ()


def begins(tokens: Sequence[Token], at: int, keys: Sequence[str]) -> bool:
    """Whether these keys stand there, one after the other."""
    return len(tokens) >= at + len(keys) and all(tokens[at + n].key == key for n, key in enumerate(keys))


def _value(digits: str) -> float:
    thousands = digits.endswith("k")
    plain = _GROUPS.sub("", digits.removesuffix("k")).replace(",", ".")
    return float(plain) * (1_000 if thousands else 1)
