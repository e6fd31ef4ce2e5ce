"""The page puts rings where hands were found to wear them."""

from __future__ import annotations

import re

from lab.try_on.marks import FINGERS
from lab.try_on.rings import REPORTS, SIDES
from services.gateway.routes.page import FILES

PLACES = (FILES / "tryon" / "places.js").read_text()
FITTED = (REPORTS / "fit.md").read_text()


def test_rings_lie_where_they_were_fitted_on_each_finger_and_side() -> None:
    for side in SIDES:
        of_side = re.search(rf"\b{side}: \{{([^}}]+)\}}", PLACES)
        assert of_side
        placed = {name: float(at) for name, at in re.findall(r"(\w+): ([\d.]+)", of_side[1])}
        fitted = re.findall(rf"\| {side} \| (\w+) \| \d+ \| \d+ \| ([\d.]+) \|", FITTED)
        assert placed == {name: float(at) for name, at in fitted}
        assert list(placed) == list(FINGERS)


def test_a_finger_is_as_wide_as_the_bands_that_it_wears() -> None:
    wide = re.search(r"FINGER_WIDE = ([\d.]+);", PLACES)
    measured = re.search(r"A ring finger is ([\d.]+) of the palm", FITTED)
    assert wide
    assert measured
    assert float(wide[1]) == float(measured[1])
