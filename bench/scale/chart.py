"""The curves of docs/scale.md: machines by items, a line for each rate of queries, both axes logarithmic."""

from __future__ import annotations

import math
from collections.abc import Iterator

from bench.scale.sizing import ITEMS, NODE_CORES, NODE_GB, QUERIES, Load, Stock
from bench.scale.tables import power

_WIDTH, _HEIGHT = 640, 360
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 130, 30, 45
_FIRST, _LAST = math.log10(ITEMS[0]), math.log10(ITEMS[-1])
_MOST = 4
"""The upper end of the axis of machines, as a power of ten."""
_STEPS = 40
_COLOURS = ("#1b7837", "#2166ac", "#b2182b")


def svg() -> str:
    return "\n".join(_parts()) + "\n"


def _parts() -> Iterator[str]:
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" '
        'font-size="12" role="img" aria-label="Machines by items and searches a second">'
    )
    yield f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>'
    for exponent in range(_MOST + 1):
        y = _y(10**exponent)
        yield f'<path d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}" stroke="#dddddd"/>'
        yield f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{10**exponent:,}</text>'
    for exponent in range(math.ceil(_FIRST), math.floor(_LAST) + 1):
        x = _x(10**exponent)
        yield f'<path d="M{x:.1f} {_TOP}V{_HEIGHT - _BOTTOM}" stroke="#dddddd"/>'
        yield f'<text x="{x:.1f}" y="{_HEIGHT - _BOTTOM + 18}" text-anchor="middle">{power(10**exponent)}</text>'
    yield f'<text x="{_LEFT}" y="18">machines of {NODE_CORES} cores and {NODE_GB} GB, every shard asked</text>'
    yield f'<text x="{_WIDTH - _RIGHT}" y="{_HEIGHT - 8}" text-anchor="end">items</text>'
    for queries, colour in zip(QUERIES, _COLOURS, strict=True):
        steps = (_FIRST + (_LAST - _FIRST) * step / _STEPS for step in range(_STEPS + 1))
        points = [(10**step, Load(Stock(round(10**step)), queries).machines) for step in steps]
        path = "L".join(f"{_x(items):.1f} {_y(machines):.1f}" for items, machines in points)
        yield f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
        end = _y(points[-1][1]) + {QUERIES[0]: 12, QUERIES[1]: -4}.get(queries, 4)
        yield f'<text x="{_WIDTH - _RIGHT + 8}" y="{end:.1f}" fill="{colour}">{queries:,} searches/s</text>'
    yield "</svg>"


def _x(items: float) -> float:
    return _LEFT + (math.log10(items) - _FIRST) / (_LAST - _FIRST) * (_WIDTH - _LEFT - _RIGHT)


def _y(machines: float) -> float:
    return _HEIGHT - _BOTTOM - math.log10(machines) / _MOST * (_HEIGHT - _TOP - _BOTTOM)
