"""JSON in one form only, so that equal documents have equal bytes (RFC 8785, for the values that Loupe signs)."""

from __future__ import annotations

import json
from typing import Any


def canonical(value: Any) -> bytes:
    """UTF-8 without white space; names in the order of their UTF-16 code units; numbers as ECMAScript writes them.

    Raises `ValueError` for what JSON does not have: NaN, infinities, names that are no text, lone surrogates.
    """
    return _written(value).encode()


def _written(value: Any) -> str:
    if isinstance(value, dict):
        if not all(isinstance(name, str) for name in value):
            raise ValueError("the names of an object are texts")
        ordered = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(f"{_text(name)}:{_written(value[name])}" for name in ordered) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(_written, value)) + "]"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, str):
        return _text(value)
    if value is None or isinstance(value, (bool, int)):
        return json.dumps(value)
    raise ValueError(f"{type(value).__name__} is nothing that JSON has")


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _number(value: float) -> str:
    """As ECMAScript's Number::toString: the shortest digits that are read as this number again (ECMA-262, 6.1.6.1.20).

    Python finds the same digits; it sets the point and the exponent elsewhere.
    """
    if value != value or value in (float("inf"), float("-inf")):
        raise ValueError("JSON has no such number")
    if value == 0:
        return "0"
    mantissa, _, exponent = f"{repr(value).lower()}e".partition("e")
    sign, mantissa = ("-", mantissa[1:]) if mantissa.startswith("-") else ("", mantissa)
    whole, _, fraction = mantissa.partition(".")
    fraction = fraction.rstrip("0") if fraction.strip("0") else ""
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent.rstrip("e") or 0) - (len(whole + fraction) - len((whole + fraction).lstrip("0")))
    stripped = digits.rstrip("0")
    count = len(stripped)
    if count <= point <= 21:
        return sign + stripped + "0" * (point - count)
    if 0 < point <= 21:
        return f"{sign}{stripped[:point]}.{stripped[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{stripped}"
    power = point - 1
    shown = stripped if count == 1 else f"{stripped[0]}.{stripped[1:]}"
    return f"{sign}{shown}e{'+' if power > 0 else '-'}{abs(power)}"
