"""`loupe tenant usage` and the limits that `loupe tenant set` takes, in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

import typer
from rich.table import Table

from loupe.telling import out
from shared.contracts.usage import QuotaName, Use

_NONE = "none"
_UNITS = {"": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([KMGT]?B)?", re.IGNORECASE)
_MOST = {"storage_bytes": 2**62}
_MOST_COUNTED = 2**31 - 1


def number(text: str) -> str:
    """As it was given, if it says a number or `none`."""
    if text != _NONE and not text.isdecimal():
        raise typer.BadParameter(f"{text!r} is neither a number nor `none`")
    return text


def size(text: str) -> str:
    """Bytes in digits, of what says them with or without a unit, or `none`."""
    if text == _NONE:
        return text
    said = _SIZE.fullmatch(text)
    if said is None:
        raise typer.BadParameter(f"{text!r} is no size, as 500MB or 20GB, nor `none`")
    return str(int(float(said[1]) * _UNITS[(said[2] or "").upper().removeprefix("B")]))


_NUMBER = "or `none`."
MaxItems = Annotated[str | None, typer.Option(parser=number, metavar="N", help=f"Items that it may have, {_NUMBER}")]
MaxPictures = Annotated[
    str | None, typer.Option(parser=number, metavar="N", help=f"Pictures that it may have, {_NUMBER}")
]
MaxStorage = Annotated[
    str | None, typer.Option(parser=size, metavar="SIZE", help=f"Bytes of its pictures, as 500MB or 20GB, {_NUMBER}")
]
MaxRequests = Annotated[
    str | None, typer.Option(parser=number, metavar="N", help=f"Requests of all its keys on a day in UTC, {_NUMBER}")
]


def chosen(**given: str | None) -> dict[str, int | None]:
    """The limits that were given, by name; None for `none`."""
    limits = {name: None if text == _NONE else int(text) for name, text in given.items() if text is not None}
    for name, limit in limits.items():
        if limit is not None and limit > _MOST.get(name, _MOST_COUNTED):
            raise typer.BadParameter(f"{limit} is more than Loupe counts of {name}; say `none` for no limit")
    return limits


def show(uses: Mapping[QuotaName, Use], requests: int | None) -> None:
    table = Table("what", "used", "limit", box=None, pad_edge=False)
    for name, use in uses.items():
        table.add_row(name.replace("_", " "), str(use.used), _told(use.limit))
    table.add_row("requests a day", "", _told(requests))
    out.print(table)


def _told(limit: int | None) -> str:
    return _NONE if limit is None else str(limit)
