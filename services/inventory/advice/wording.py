"""Advice in words, with every number that it follows from and where each can be looked up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from services.inventory.advice.advising import NEVER
from shared.contracts.advice import AdviceKind, Unit

_A_LONG_TIME = 730.0
_QUESTIONS: Mapping[AdviceKind, str] = {
    "dead-stock": "Would it sell where others like it do (transfer it), beside what completes it (a bundle), or for "
    "less (a mark-down)? Nobody measured what each would bring: try one on some, and look again.",
    "overstock": "Can the next order be left out, or some of it go to where it sells? Is there a season ahead that the "
    "forecast does not know?",
    "make-more": "Can something like it be made or found? It is the only one, and cannot be ordered again.",
}


def number(name: str, value: float, unit: Unit, source: str | None = None, **interval: float) -> dict[str, Any]:
    """A `Number` of the contracts."""
    rounded = {key: round(float(one), 3) for key, one in interval.items()}
    return {"name": name, "value": round(float(value), 3), "unit": unit, "source": source, **rounded}


def piece_sources(sku: str) -> dict[str, str]:
    """Where numbers of a piece are from."""
    name = quote(sku, safe="")
    return {
        "stock": f"/v1/inventory/items/{name}",
        "forecast": f"/v1/inventory/forecasts?sku={name}",
        "sales": f"/v1/inventory/movements?sku={name}&kind=sold",
    }


def style_sources(style_id: str) -> dict[str, str]:
    """Where numbers of a style are from."""
    told = f"/v1/inventory/styles/{style_id}"
    forecast = f"/v1/inventory/forecasts?style={style_id}"
    return {"stock": told, "forecast": forecast, "sales": forecast}


def numbers(row: Mapping[str, float], sources: Mapping[str, str]) -> list[dict[str, Any]]:
    """Those that every piece and style has. `row`: a column of `Figures`, by name."""
    return [
        number("on_hand", row["on_hand"], "pieces", sources["stock"]),
        number("sold_12_weeks", row["recent"], "pieces", sources["sales"]),
        number("weekly_demand", row["weekly"], "pieces a week", sources["forecast"]),
        number("lead_time", row["lead_days"], "days"),
        number("lead_time_demand", row["lead"], "pieces", sources["forecast"], low=row["low"], high=row["high"]),
        number("days_of_cover", row["cover_days"], "days", sources["forecast"]),
        number("stock_out_risk", row["risk"], "share", sources["forecast"]),
    ]


def why(kind: AdviceKind | None, row: Mapping[str, float], quantity: int, idle_days: float = 0.0) -> str:
    """One or two sentences. `row` as of `numbers`, with `upto` and `long`."""
    here, lead = row["on_hand"], f"{row['lead_days']:.0f} days"
    asked = f"{row['lead']:.1f} are expected to be asked for ({row['low']:.0f} to {row['high']:.0f})"
    if kind == "order":
        return (
            f"{here:.0f} on hand; within the {lead} that an order takes {asked}, so it runs out with a chance of "
            f"{row['risk']:.0%}. Order {quantity}, up to {row['upto']:.0f}: one more would cost more to hold than it "
            "would save."
        )
    if kind == "overstock":
        return (
            f"{here:.0f} on hand last {_long(row['cover_days'])} at {row['weekly']:.2f} a week. At most "
            f"{row['long']:.0f} are expected to be asked for in half a year, so about {quantity} are too many."
        )
    if kind == "dead-stock":
        return f"{here:.0f} on hand, and none was sold for {_long(idle_days)}."
    if kind == "make-more":
        return (
            f"It sold within the last 12 weeks. Of its style {here:.0f} are on hand, and within {lead} {asked}: about "
            f"{quantity} more would be asked for."
        )
    return f"{here:.0f} on hand last {_long(row['cover_days'])}; within {lead} {asked}."


def question(kind: AdviceKind | None) -> str | None:
    return _QUESTIONS.get(kind) if kind else None


def _long(days: float) -> str:
    if days >= NEVER:
        return "for ever"
    if days >= _A_LONG_TIME:
        return f"{days / 365:.0f} years"
    return f"{days:.0f} days"
