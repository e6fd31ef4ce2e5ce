"""Prices in words: "under 500", "between 200 and 400 €", "over $1,000"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.gateway.words.tokens import Token, begins

_AT_MOST = ("under", "below", "up to", "at most", "less than", "max", "maximum", "no more than", "not more than")
_AT_MOST_TOO = ("not over", "not above", "cheaper than", "<", "< =", "≤")
_AT_LEAST = ("over", "above", "more than", "at least", "min", "minimum", "no less than", "not under", ">", "> =", "≥")
_CURRENCIES = frozenset(("€", "$", "£", "¥", "eur", "euro", "usd", "dollar", "gbp", "pound", "chf", "franc", "buck"))
_UNITS = frozenset(("mm", "cm", "m", "inch", "ct", "carat", "karat", "kt", "g", "gram", "gr", "year", "%"))
_HIGHEST = 1e9


@dataclass(frozen=True, slots=True)
class Price:
    """From `low` to `high`, both included, whatever the currency; `end` is the token after it."""

    end: int
    low: float | None = None
    high: float | None = None

    @property
    def value(self) -> str:
        return f"{shown(self.low)}-{shown(self.high)}"

    @property
    def label(self) -> str:
        if self.low is None:
            return f"up to {shown(self.high)}"
        if self.high is None:
            return f"from {shown(self.low)}"
        return f"{shown(self.low)} to {shown(self.high)}"


def shown(amount: float | None) -> str:
    if amount is None:
        return ""
    return f"{amount:.0f}" if amount.is_integer() else f"{amount:.2f}"


def price_at(tokens: Sequence[Token], at: int) -> Price | None:
    """The price that begins there; None for anything else, such as a weight."""
    for words in ("between", "from", ""):
        said = words.split()
        if begins(tokens, at, said) and (both := _two(tokens, at + len(said), sure=bool(words))):
            return both
    if begins(tokens, at, ("from",)) and (amount := _amount(tokens, at + 1)) and amount.sure:
        return Price(amount.end, low=amount.value)
    for phrases, end in ((_AT_MOST + _AT_MOST_TOO, "high"), (_AT_LEAST, "low")):
        for said in sorted(map(str.split, phrases), key=len, reverse=True):
            if begins(tokens, at, said) and (amount := _amount(tokens, at + len(said))):
                return Price(amount.end, **{end: amount.value})
    return None


@dataclass(frozen=True, slots=True)
class _Amount:
    value: float
    end: int
    sure: bool
    """It names a currency."""


def _two(tokens: Sequence[Token], at: int, *, sure: bool) -> Price | None:
    first = _amount(tokens, at)
    if not first or not any(begins(tokens, first.end, (word,)) for word in ("and", "to", "-")):
        return None
    second = _amount(tokens, first.end + 1)
    if not second or not (sure or first.sure or second.sure):
        return None
    low, high = sorted((first.value, second.value))
    return Price(second.end, low, high)


def _amount(tokens: Sequence[Token], at: int) -> _Amount | None:
    sure = at < len(tokens) and tokens[at].key in _CURRENCIES
    at += sure
    if at >= len(tokens) or tokens[at].number is None:
        return None
    value, after = tokens[at].number, tokens[at + 1].key if at + 1 < len(tokens) else ""
    if value is None or value > _HIGHEST or after in _UNITS:
        return None
    followed = after in _CURRENCIES
    return _Amount(value, at + 1 + followed, sure or followed)
