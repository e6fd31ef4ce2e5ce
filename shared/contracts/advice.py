"""What pieces will sell, and what to do about it: forecasts and advice, made each night, with all that they follow
from."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, Field

from shared.contracts.fields import Sku, Timestamp
from shared.contracts.styles import StyleId

ForecastKind = Literal["piece", "style", "type", "shop"]
AdviceKind = Literal["order", "make-more", "overstock", "dead-stock"]
AdviceOf = Literal["piece", "style"]
Unit = Literal["pieces", "pieces a week", "days", "share"]


class Number(BaseModel):
    """A number that advice follows from. `low` and `high` hold it four times out of five, where it is a forecast.

    `source`: the path of this API that shows where it is from; None of a setting.
    """

    name: str
    value: float
    unit: Unit
    low: float | None = None
    high: float | None = None
    source: str | None = None


class Advice(BaseModel):
    """Of a piece (`sku`) or a style (`style_id`, `name`). `kind` None: nothing need be done, and `numbers` say why.

    `quantity`: pieces to order, to make, or too many. What to do about stock that lies is a `question`: nobody measured
    what a mark-down would do. `why` says it in words.
    """

    of: AdviceOf
    sku: Sku | None = None
    style_id: StyleId | None = None
    name: str = ""
    image_url: str | None = None
    kind: AdviceKind | None = None
    quantity: int | None = None
    why: str
    question: str | None = None
    numbers: list[Number]
    made_at: Timestamp


class AdviceTerms(BaseModel):
    """The settings that advice is by: days from an order to its arrival, and between orders; the margin, of the price;
    what holding costs a year, of a piece's cost; the share of the demand to serve, None for as much as pays."""

    lead_days: float
    review_days: float
    margin: float
    holding: float
    service_level: float | None = None
    order_cost: float
    overstock_weeks: float
    dead_days: float


class AdvicePage(BaseModel):
    """What weighs most first: margin that may be lost, or money that lies. `counts`: how many there are of each kind.

    `made_at` None: no night's run has been yet.
    """

    advice: list[Advice]
    counts: dict[str, int] = Field(default_factory=dict)
    terms: AdviceTerms
    made_at: Timestamp | None = None
    next_cursor: str | None = None


class PastWeek(BaseModel):
    """Seven days from `begins`: what was sold, and in which share of them, 0..1, it could be."""

    begins: date
    sold: float
    in_stock: float


class ForecastWeek(BaseModel):
    """Seven days from `begins`: the mean of what will be asked for if it is in stock; `low` and `high` hold it four
    times out of five."""

    begins: date
    mean: float
    low: float
    high: float


class ForecastMethod(BaseModel):
    """How the forecasts were made. `way`: how pieces and groups were made to agree; `wape`: the error that each way had
    for styles, four weeks ahead, over what was sold, at the `origins` looked back to; empty of a short history."""

    way: str
    wape: dict[str, float] = Field(default_factory=dict)
    origins: int = 0


class Forecast(BaseModel):
    """Of one piece, style, type or of the shop: the last 52 weeks and the next 26.

    `weekly`: the mean of the next 26. `believed`: of a piece the weekly sales, out of season, that would be believed
    without its own, by those that look like it.
    """

    of: ForecastKind
    name: str
    past: list[PastWeek]
    weeks: list[ForecastWeek]
    weekly: float
    believed: float | None = None
    method: ForecastMethod
    made_at: Timestamp
