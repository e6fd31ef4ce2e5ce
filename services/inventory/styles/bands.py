"""Price bands: 1, 2 and 5 times powers of ten, so that they are told in round numbers in any currency."""

from __future__ import annotations

import math

_STEPS = (1, 2, 5, 10)


def band_of(price: float | None) -> str | None:
    """The band that a price lies in, lower end included: "500-1000". None without a price; "0" for what is free."""
    if price is None or not math.isfinite(price) or price < 0:
        return None
    if price < 1:
        return "0-1" if price > 0 else "0"
    power = 10.0 ** math.floor(math.log10(price) + 1e-12)
    low = max(step for step in _STEPS[:-1] if step * power <= price * (1 + 1e-12))
    high = _STEPS[_STEPS.index(low) + 1]
    return f"{low * power:.0f}-{high * power:.0f}"
