"""Advice of the inventory in Chinese, out of the numbers that it follows from. English is the inventory's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from shared.contracts.advice import Advice, AdviceKind, Number

_FOR_EVER = 9_999.0
"""Days from which on the inventory says that stock lasts for ever."""
_LONG = 730.0
_QUESTIONS: Mapping[AdviceKind, str] = {
    "dead-stock": "换到类似首饰卖得动的地方（调拨）、与相配的一起卖（组合），还是降价？"
    "各有多大效果没有人测过：先试几件，再看看。",
    "overstock": "下次可以不订吗？或者调一些到卖得动的地方？会不会有预测不知道的旺季？",
    "make-more": "能做出或找到类似的吗？它只有一件，不能再订。",
}


def in_chinese(advice: Advice) -> Advice:
    """As it is, but for `why` and `question`; of numbers that are not there nothing is said."""
    told = {number.name: number for number in advice.numbers}  # of a style, where there are two: it comes last
    why = _WHY.get(advice.kind, _as_it_is) if advice.kind else _as_it_is
    question = _QUESTIONS.get(advice.kind) if advice.kind else None
    try:
        return advice.model_copy(update={"why": why(told, advice.quantity or 0), "question": question})
    except KeyError:  # it was made by another version of the inventory: what that said is better than nothing
        return advice


_Told = Mapping[str, Number]


def _order(told: _Told, quantity: int) -> str:
    return (
        f"现有 {_whole(told, 'on_hand')} 件；订货到货需 {_whole(told, 'lead_time')} 天，{_asked(told)}，"
        f"断货可能 {told['stock_out_risk'].value:.0%}。订 {quantity} 件，备到 {_whole(told, 'hold_up_to')} 件："
        "再多一件，占用的钱比省下的多。"
    )


def _overstock(told: _Told, quantity: int) -> str:
    return (
        f"现有 {_whole(told, 'on_hand')} 件，按每周 {told['weekly_demand'].value:.2f} 件"
        f"可卖{_long(told['days_of_cover'].value)}。"
        f"半年内预计最多需要 {_whole(told, 'most_in_half_a_year')} 件，约多出 {quantity} 件。"
    )


def _dead_stock(told: _Told, _quantity: int) -> str:
    idle = told.get("days_without_a_sale")
    since = f"，已有{_long(idle.value)}没有售出" if idle else "，长期没有售出"
    return f"现有 {_whole(told, 'on_hand')} 件{since}。"


def _make_more(told: _Told, quantity: int) -> str:
    return (
        f"最近 12 周内售出过。同款式现有 {_whole(told, 'on_hand')} 件，{_whole(told, 'lead_time')} 天内{_asked(told)}："
        f"大约还需要 {quantity} 件。"
    )


def _as_it_is(told: _Told, _quantity: int) -> str:
    cover = _long(told["days_of_cover"].value)
    return f"现有 {_whole(told, 'on_hand')} 件可卖{cover}；{_whole(told, 'lead_time')} 天内{_asked(told)}。"


_WHY: Mapping[AdviceKind, Callable[[_Told, int], str]] = {
    "order": _order,
    "overstock": _overstock,
    "dead-stock": _dead_stock,
    "make-more": _make_more,
}


def _asked(told: _Told) -> str:
    lead = told["lead_time_demand"]
    return f"预计需要 {lead.value:.1f} 件（{lead.low or 0:.0f} 至 {lead.high or 0:.0f}）"


def _whole(told: _Told, name: str) -> str:
    return f"{told[name].value:.0f}"


def _long(days: float) -> str:
    if days >= _FOR_EVER:
        return "很久"
    return f" {days / 365:.0f} 年" if days >= _LONG else f" {days:.0f} 天"
