"""A night's forecasts and advice of one shop: the ledger in, rows and alerts out, in one transaction."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import numpy as np
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from services.inventory.advice import wording
from services.inventory.advice.advising import Advice, Figures, Stock, Terms, figures, held, of_pieces, of_unique
from services.inventory.alerts import Side, cross
from services.inventory.batching import batches
from services.inventory.forecast.backtest import groups_of
from services.inventory.forecast.books import Books, read
from services.inventory.forecast.forecasting import Forecasts, forecast
from services.inventory.forecast.groups import Groups
from services.inventory.forecast.sales import Ints, Numbers
from services.inventory.forecast_tables import AdviceRow, ForecastRow, ForecastRun
from services.inventory.tables import AlertState
from shared.contracts.stock import AlertKind
from shared.database import Database

LEAST_SALES = 20
"""Of the whole shop. Before so many are known a forecast is a guess, and so is that a piece does not sell."""
_PAST_WEEKS = 52
_AT_ONCE = 1_000
_ALERTS: Mapping[str, AlertKind] = {"order": "low-stock", "overstock": "overstock", "dead-stock": "dead-stock"}


class AdviceMaker:
    """Makes forecasts and advice of one shop at a time, by `terms`."""

    def __init__(self, database: Database, terms: Terms) -> None:
        self._database = database
        self._terms = terms

    def make(self, tenant: str, now: datetime | None = None) -> int:
        """Make and keep them; of how many pieces. Who crossed a line since the run before is told of."""
        now, started = now or datetime.now(UTC), time.monotonic()
        with self._database.read() as session:
            books = read(session.connection(), tenant, now)
        if not books.sales.skus:
            made: list[dict[str, Any]] = []
            advice: list[dict[str, Any]] = []
            method: dict[str, Any] = {"way": "", "wape": {}, "origins": 0}
        else:
            found = forecast(books.sales, books.of)
            made = list(_forecast_rows(tenant, books, found))
            advice = list(_advised(tenant, books, found, self._terms))
            method = {"way": found.chosen.way, "wape": dict(found.chosen.wape), "origins": found.chosen.origins}
        run = {
            "tenant": tenant,
            "made_at": now.astimezone(UTC).replace(tzinfo=None),
            "begins": books.begins,
            "took_seconds": time.monotonic() - started,
            "pieces": len(books.sales.skus),
            "method": method,
            "terms": asdict(self._terms),
        }
        with self._database.write() as session:
            rows = session.connection()
            for table in (ForecastRow, AdviceRow, ForecastRun):
                rows.execute(delete(table).where(table.tenant == tenant))
            rows.execute(insert(ForecastRun), [run])
            for part in batches(made, _AT_ONCE):
                rows.execute(insert(ForecastRow), part)
            for part in batches(advice, _AT_ONCE):
                rows.execute(insert(AdviceRow), part)
            _tell(session, tenant, advice)
        return len(books.sales.skus)


def _forecast_rows(tenant: str, books: Books, found: Forecasts) -> Iterator[dict[str, Any]]:
    groups = groups_of(books.of)
    names: dict[str, Sequence[str]] = {"piece": books.sales.skus, "shop": [""]}
    names |= {kind: groups[kind].names for kind in ("style", "type")}
    for kind, ahead in found.of.items():
        sold: Numbers = books.sales.sold[:, -_PAST_WEEKS:]
        there: Numbers = books.sales.in_stock[:, -_PAST_WEEKS:]
        if kind != "piece":
            pieces = np.maximum(groups[kind].total(np.ones(len(there))), 1e-9)[:, None]
            sold, there = groups[kind].total(sold), groups[kind].total(there) / pieces
        told = np.stack([ahead.mean, ahead.low, ahead.high], axis=1).astype(np.float32)
        past = np.stack([sold, there], axis=1).astype(np.float32)
        for row, name in enumerate(names[kind]):
            yield {
                "tenant": tenant,
                "kind": kind,
                "name": name,
                "ahead": told[row].tobytes(),
                "past": past[row].tobytes(),
                "believed": float(found.demand.believed[row]) if kind == "piece" else None,
            }


def _advised(tenant: str, books: Books, found: Forecasts, terms: Terms) -> Iterator[dict[str, Any]]:
    lead_days = np.where(np.isnan(books.lead_days), terms.lead_days, books.lead_days)
    stock = Stock(books.on_hand, books.price, lead_days, books.unique, books.sold_days, books.known_days)
    pieces, styles = found.of["piece"], found.of["style"]
    told = figures(pieces, books.sales.sold, books.on_hand, lead_days, terms)
    levels = held(told, pieces.spread, stock, terms)
    lies = books.of.styles.total(np.maximum(np.nan_to_num(books.on_hand), 0))
    of_styles = figures(
        styles, books.of.styles.total(books.sales.sold), lies, np.full(len(lies), terms.lead_days), terms
    )
    style = _first_styles(books.of.styles)
    known = books.sales.sold.sum() >= LEAST_SALES
    advice = sorted(
        (
            one
            for one in [*of_pieces(told, levels, stock, terms), *of_unique(stock, style, of_styles)]
            if known or one.kind == "make-more"
        ),
        key=lambda one: (-one.weight, one.place),
    )
    by_piece: dict[int, tuple[int, Advice]] = {}
    for rank, one in enumerate(advice, 1):
        by_piece.setdefault(one.place, (rank, one))
    idle = np.minimum(books.sold_days, books.known_days)
    for place, sku in enumerate(books.sales.skus):
        if np.isnan(books.on_hand[place]):
            continue
        rank, advised = by_piece.get(place, (0, None))
        row = _column(told, place) | {"upto": max(0.0, float(levels.upto[place]))}
        sources = wording.piece_sources(sku)
        numbers = wording.numbers(row, sources)
        if not books.unique[place]:
            numbers.append(wording.number("hold_up_to", row["upto"], "pieces", sources["forecast"]))
            numbers.append(wording.number("order_at", max(-1.0, levels.reorder[place]), "pieces", sources["forecast"]))
        numbers.append(wording.number("most_in_half_a_year", row["long"], "pieces", sources["forecast"]))
        if advised and advised.kind == "dead-stock":
            numbers.append(wording.number("days_without_a_sale", float(idle[place]), "days", sources["sales"]))
        if advised and advised.kind == "make-more":
            row = _column(of_styles, int(style[place]))
            numbers += wording.numbers(row, wording.style_sources(books.of.styles.names[int(style[place])]))
        kind, quantity = (advised.kind, advised.quantity) if advised else (None, 0)
        yield _row(tenant, "piece", sku, kind, rank, quantity, row, numbers, float(idle[place]))
    yield from _of_styles(tenant, books, of_styles, by_piece)


def _of_styles(
    tenant: str, books: Books, told: Figures, by_piece: Mapping[int, tuple[int, Advice]]
) -> Iterator[dict[str, Any]]:
    """Of each style how long it lasts, and what is advised of its pieces in all; what runs out first is first."""
    groups = books.of.styles
    orders = np.zeros(groups.pieces)
    for place, (_, one) in by_piece.items():
        orders[place] = one.quantity if one.kind == "order" else 0
    to_order = groups.total(orders)
    ranks = {int(row): rank for rank, row in enumerate(np.argsort(told.cover_days, kind="stable"), 1)}
    for row, style_id in enumerate(groups.names):
        column = _column(told, row) | {"upto": 0.0}
        sources = wording.style_sources(style_id)
        numbers = wording.numbers(column, sources)
        through = column["recent"] / max(1e-9, column["recent"] + column["on_hand"])
        numbers.append(wording.number("sell_through_12_weeks", through, "share", sources["sales"]))
        numbers.append(wording.number("to_order", float(to_order[row]), "pieces", sources["stock"]))
        yield _row(tenant, "style", style_id, None, ranks[row], round(float(to_order[row])), column, numbers)


def _row(
    tenant: str,
    of: str,
    name: str,
    kind: Any,
    place: int,
    quantity: int,
    row: Mapping[str, float],
    numbers: list[dict[str, Any]],
    idle_days: float = 0.0,
) -> dict[str, Any]:
    advice = {
        "of": of,
        "sku" if of == "piece" else "style_id": name,
        "kind": kind,
        "quantity": quantity if kind or of == "style" else None,
        "why": wording.why(kind, row, quantity, idle_days),
        "question": wording.question(kind),
        "numbers": numbers,
    }
    return {"tenant": tenant, "of": of, "name": name, "kind": kind or "", "place": place, "advice": advice}


def _column(told: Figures, row: int) -> dict[str, float]:
    return {name: float(getattr(told, name)[row]) for name in Figures.__slots__}


def _first_styles(styles: Groups) -> Ints:
    """The row of the style that each piece is of before any other; -1 of none."""
    found, most = np.full(styles.pieces, -1, np.intp), np.zeros(styles.pieces)
    for piece, group, share in zip(styles.piece, styles.group, styles.share, strict=True):
        if share > most[piece]:
            found[piece], most[piece] = group, share
    return found


def _tell(session: Session, tenant: str, advice: Sequence[Mapping[str, Any]]) -> None:
    """Alerts of the pieces that crossed a line. One that was low is so until it is clearly not, lest it flicker."""
    pieces = [row for row in advice if row["of"] == "piece"]
    for kind, alert in _ALERTS.items():
        noted = select(AlertState.sku).where(AlertState.tenant == tenant, AlertState.kind == alert, AlertState.beyond)
        beyond = set(session.scalars(noted))
        sides = {}
        for row in pieces:
            is_so = row["kind"] == kind or (row["name"] in beyond and kind == "order" and _hardly_above(row))
            if is_so or row["name"] in beyond:
                on_hand = round(row["advice"]["numbers"][0]["value"])
                sides[row["name"]] = Side(is_so, on_hand, row["advice"]["why"][:500])
        for gone in beyond - {row["name"] for row in pieces}:
            sides[gone] = Side(False, None, "")
        names = sorted(sides)
        for start in range(0, len(names), _AT_ONCE):
            cross(session, tenant, alert, {name: sides[name] for name in names[start : start + _AT_ONCE]})


def _hardly_above(row: Mapping[str, Any]) -> bool:
    told = {one["name"]: one["value"] for one in row["advice"]["numbers"]}
    return "order_at" in told and told["order_at"] >= 0 and told["on_hand"] <= told["order_at"] + 1
