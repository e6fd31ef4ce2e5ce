"""Reasons in Chinese."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from services.gateway.reasons.days import NEW, way_of
from shared.contracts.analysis import ATTRIBUTES
from shared.contracts.internal import Hit, Reason, Source

_DID = {
    "viewed": "看过的",
    "searched": "搜索到的",
    "clicked": "点开过的",
    "favourited": "收藏的",
    "carted": "放入购物车的",
    "purchased": "购买的",
    "returned": "退回的",
    "dismissed": "不想再看的",
}
_LIKE = {"look": "外观与{}相似", "described": "描述与{}相近", "together": "喜欢{}的人也喜欢这件"}
_ALONE = {"pair": "同一对中的另一只", "new": "店内新品", "popular": "近期热门"}
_KINDS = {
    "form": "形状",
    "colour": "颜色",
    "type": "类型",
    "metal": "金属",
    "stone": "宝石",
    "cut": "切工",
    "setting": "镶嵌",
}
_WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
_VALUES = {
    "type": {
        "bracelet": "手链",
        "brooch": "胸针",
        "earring": "耳环",
        "loose-stone": "裸石",
        "necklace": "项链",
        "pendant": "吊坠",
        "ring": "戒指",
        "watch": "手表",
    },
    "metal": {"gold": "金色", "rose gold": "玫瑰金", "silver": "银色", "black": "黑色"},
    "stone": {
        "clear": "透明",
        "red": "红色",
        "pink": "粉色",
        "purple": "紫色",
        "blue": "蓝色",
        "turquoise": "绿松石色",
        "green": "绿色",
        "yellow": "黄色",
        "brown": "棕色",
        "black": "黑色",
        "pearl": "珍珠",
        "none": "无",
    },
    "cut": {
        "round": "圆形",
        "oval": "椭圆形",
        "princess": "公主方形",
        "emerald": "祖母绿形",
        "pear": "梨形",
        "marquise": "马眼形",
        "cabochon": "弧面",
    },
    "setting": {
        "halo": "光环",
        "solitaire": "单石",
        "bezel": "包镶",
        "cluster": "群镶",
        "row": "排镶",
        "three-stone": "三石",
    },
}
"""Attribute -> the values that models tell; others are a shop's own words, and stay as they are."""


def reason(hit: Hit, titles: Mapping[str, str], now: datetime) -> str:
    parts = _parts(hit.reasons, compared=hit.source.kind in ("picture", "item"))
    lead = _lead(hit, titles, now)
    return f"{lead}：{'，'.join(parts)}" if lead and parts else lead or "，".join(parts)


def matching(labels: Sequence[str]) -> str:
    return f"符合：{'、'.join(labels)}"


def _lead(hit: Hit, titles: Mapping[str, str], now: datetime) -> str:
    source = hit.source
    alike = f"{hit.score if source.similarity is None else source.similarity:.0%}"
    match source.kind:
        case "picture":
            return f"与您的照片有 {alike} 相似"
        case "words":
            return ""
        case "item":
            return f"与{_named(source.sku, titles, '另一件首饰')}有 {alike} 相似"
        case "look" | "described" | "together":
            return _LIKE[source.kind].format(_acted_on(source, titles, now))
        case "set":
            return f"可与{_acted_on(source, titles, now)}搭配"
        case "searched":
            return f"与您{_day(source.at, now)}搜索到的相似"
        case "popular":
            return f"近期有 {max(1, source.count or 0)} 位顾客看过"
        case "new":
            return _new(source, titles, now)


def _new(source: Source, titles: Mapping[str, str], now: datetime) -> str:
    """`at` is when it came in, so of the piece that it looks like no day is known."""
    alike = f"外观与{_acted_on(source.model_copy(update={'at': None}), titles, now)}相似" if source.sku else ""
    if source.at and now - source.at > NEW:
        return alike or f"{source.at:%Y-%m-%d} 起在店内"
    return f"新品，{alike}" if alike else "店内新品"


def _acted_on(source: Source, titles: Mapping[str, str], now: datetime) -> str:
    named = _named(source.sku, titles, "一件首饰")
    did = _DID.get(source.event or "")
    return f"您{_day(source.at, now)}{did}{named}" if did else named


def _day(at: datetime | None, now: datetime) -> str:
    if at is None:
        return ""
    at = at.astimezone(UTC)
    match way_of(at, now.astimezone(UTC)):
        case "today":
            return "今天"
        case "yesterday":
            return "昨天"
        case "weekday":
            return _WEEKDAYS[at.weekday()]
        case "date":
            return f"{at.month}月{at.day}日"
        case "date and year":
            return f"{at.year}年{at.month}月{at.day}日"


def _parts(reasons: Sequence[Reason], *, compared: bool) -> list[str]:
    same = [one for one in reasons if not one.differs and one.kind in ATTRIBUTES]
    words = [f"符合“{one.value}”" if one.value else "符合您的文字" for one in reasons if one.kind == "words"]
    alone = [_ALONE[one.kind] for one in reasons if one.kind in _ALONE]
    other = [_KINDS[one.kind] for one in reasons if one.differs and one.kind in _KINDS]
    if compared:
        alike = [f"{'、'.join(_KINDS[one.kind] for one in same)}相同"] if same else []
    else:
        alike = [f"{_KINDS[one.kind]}：{_value(one)}" if one.kind != "type" else _value(one) for one in same]
    return [*alike, *words, *alone, *([f"{'、'.join(other)}不同"] if other else [])]


def _value(one: Reason) -> str:
    return _VALUES[one.kind].get(one.value or "", one.value or "")


def _named(sku: str | None, titles: Mapping[str, str], otherwise: str) -> str:
    title = titles.get(sku or "")
    return f"“{title}”" if title else otherwise
