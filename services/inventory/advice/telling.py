"""What is told of forecasts and advice: of live pieces, as the last night's run left it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import Select, and_, func, select
from sqlalchemy.engine import Connection

from services.inventory.advice.advising import Terms
from services.inventory.forecast_tables import AdviceRow, ForecastRow, ForecastRun
from services.inventory.style_tables import StyleRow
from services.inventory.tables import ItemRow
from shared.contracts.advice import (
    Advice,
    AdviceKind,
    AdviceOf,
    AdvicePage,
    AdviceTerms,
    Forecast,
    ForecastKind,
    ForecastMethod,
    ForecastWeek,
    PastWeek,
)
from shared.database import Database
from shared.errors import NotFound

_WEEK = timedelta(weeks=1)


class AdviceTelling:
    """Reads what the last run left. A piece that was removed since is told of nowhere."""

    def __init__(self, database: Database, terms: Terms) -> None:
        self._database = database
        self._terms = told_terms(terms)

    def page(self, tenant: str, of: AdviceOf, kind: AdviceKind | None, after: int, limit: int) -> AdvicePage:
        """The advice that follows the place `after`, 0 the first, that matters most. Pieces of which nothing need be
        done are left out; styles are all told, those that run out first before others."""
        wanted = _advice(tenant, of).where(AdviceRow.place > after).order_by(AdviceRow.place).limit(limit + 1)
        if kind:
            wanted = wanted.where(AdviceRow.kind == kind)
        counted = select(AdviceRow.kind, func.count()).join(ItemRow, _live).where(AdviceRow.tenant == tenant)
        with self._database.read() as session:
            rows = session.connection()
            made_at = _made_at(rows, tenant)
            found = rows.execute(wanted).all()
            counts = rows.execute(counted.where(AdviceRow.of == "piece", AdviceRow.kind != "").group_by(AdviceRow.kind))
            told = {row[0]: row[1] for row in counts}
        advice = [_told(row, made_at) for row in found[:limit] if made_at]
        more = str(found[limit - 1].place) if len(found) > limit else None
        return AdvicePage(advice=advice, counts=told, terms=self._terms, made_at=made_at, next_cursor=more)

    def advice(self, tenant: str, of: AdviceOf, name: str) -> Advice:
        """Of one piece or style. Raises `NotFound`."""
        with self._database.read() as session:
            rows = session.connection()
            made_at = _made_at(rows, tenant)
            row = rows.execute(_advice(tenant, of).where(AdviceRow.name == name)).one_or_none()
        if row is None or made_at is None:
            raise NotFound(
                f"There is no advice of the {of} {name}. It is made each night, of pieces whose stock is counted; "
                "POST /v1/inventory/styles:refresh has it made now."
            )
        return _told(row, made_at)

    def forecast(self, tenant: str, kind: ForecastKind, name: str) -> Forecast:
        """Raises `NotFound`."""
        wanted = select(ForecastRow).where(
            ForecastRow.tenant == tenant, ForecastRow.kind == kind, ForecastRow.name == name
        )
        if kind == "piece":
            wanted = wanted.join(
                ItemRow, and_(ItemRow.tenant == ForecastRow.tenant, ItemRow.sku == ForecastRow.name, ~ItemRow.removed)
            )
        with self._database.read() as session:
            run = session.get(ForecastRun, tenant)
            row = session.scalars(wanted).one_or_none()
            if run is None or row is None:
                raise NotFound(
                    f"There is no forecast of the {kind} {name}. Forecasts are made each night; POST "
                    "/v1/inventory/styles:refresh has them made now."
                )
            ahead = np.frombuffer(row.ahead, np.float32).reshape(3, -1)
            past = np.frombuffer(row.past, np.float32).reshape(2, -1)
            weeks = past.shape[1]
            return Forecast(
                of=kind,
                name=name,
                past=[
                    PastWeek(
                        begins=run.begins - (weeks - at) * _WEEK, sold=round(float(sold), 2), in_stock=_share(there)
                    )
                    for at, (sold, there) in enumerate(past.T)
                ],
                weeks=[
                    ForecastWeek(
                        begins=run.begins + at * _WEEK, mean=round(float(mean), 3), low=float(low), high=float(high)
                    )
                    for at, (mean, low, high) in enumerate(ahead.T)
                ],
                weekly=round(float(ahead[0].mean()), 3),
                believed=None if row.believed is None else round(row.believed, 3),
                method=ForecastMethod.model_validate(run.method),
                made_at=_aware(run.made_at),
            )


def told_terms(terms: Terms) -> AdviceTerms:
    return AdviceTerms(
        lead_days=terms.lead_days,
        review_days=terms.review_days,
        margin=terms.margin,
        holding=terms.holding,
        service_level=terms.service,
        order_cost=terms.order_cost,
        overstock_weeks=terms.cover_weeks,
        dead_days=terms.dead_days,
    )


_live = and_(ItemRow.tenant == AdviceRow.tenant, ItemRow.sku == AdviceRow.name, ~ItemRow.removed)
_style = and_(StyleRow.tenant == AdviceRow.tenant, StyleRow.style_id == AdviceRow.name, StyleRow.ended_at.is_(None))


def _advice(tenant: str, of: AdviceOf) -> Select[Any]:
    wanted: Select[Any] = select(AdviceRow.place, AdviceRow.advice)
    if of == "piece":
        wanted = wanted.add_columns(ItemRow.title.label("title")).join(ItemRow, _live)
    else:
        wanted = wanted.add_columns(StyleRow.name.label("title")).join(StyleRow, _style)
    return wanted.where(AdviceRow.tenant == tenant, AdviceRow.of == of)


def _told(row: Any, made_at: datetime) -> Advice:
    return Advice.model_validate({**row.advice, "name": row.title, "made_at": made_at})


def _made_at(rows: Connection, tenant: str) -> datetime | None:
    found = rows.execute(select(ForecastRun.made_at).where(ForecastRun.tenant == tenant)).scalar()
    return _aware(found) if found else None


def _aware(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC)


def _share(value: float) -> float:
    return round(min(1.0, max(0.0, float(value))), 3)
