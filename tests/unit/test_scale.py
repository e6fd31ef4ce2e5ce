"""The scale on paper stands on figures that reports hold, and its document says what is computed now."""

from __future__ import annotations

import importlib.util
import re
import shlex

import pytest

from bench.scale import constants, tables
from bench.scale.chart import svg
from bench.scale.constants import ROOT, Constant
from bench.scale.document import CHART, DOCUMENT, filled
from bench.scale.sizing import BUSY, ITEMS, NODE_CORES, Load, Stock, as_busy, deliveries, photo_search


def test_the_document_and_its_chart_are_as_they_are_computed_now() -> None:
    written = DOCUMENT.read_text()
    assert written == filled(written), "run `python -m bench.scale`"
    assert set(re.findall(r"<!-- computed: (.+) -->", written)) == set(tables.every())
    assert CHART.read_text() == svg(), "run `python -m bench.scale`"


@pytest.mark.parametrize("constant", constants.EVERY, ids=lambda one: one.what)
def test_each_constant_is_told_by_a_report_and_measured_by_a_command(constant: Constant) -> None:
    assert constant.value > 0
    words = shlex.split(constant.command)
    if words[0] == "make":
        assert f"\n{words[1]}:" in (ROOT / "Makefile").read_text()
    else:
        assert importlib.util.find_spec(words[2])


def test_a_constant_that_its_report_does_not_hold_any_more_is_named() -> None:
    lost = Constant("pictures", "kB", "bench/reports/embedder.md", r"a picture weighs (\d+)", "make bench-embedder")
    with pytest.raises(ValueError, match="does not say"):
        _ = lost.value


def test_an_item_with_a_picture_is_told_to_each_subscriber_once() -> None:
    assert deliveries() == 1 + 3 + 1 + 4 + 1 + 1


def test_more_items_need_no_fewer_machines_and_a_search_of_every_shard_costs_more_with_each() -> None:
    stocks = [Stock(items) for items in ITEMS]
    machines = [Load(stock, 1_000).machines for stock in stocks]
    assert machines == sorted(machines)
    assert [stock.graph_ms() for stock in stocks] == sorted(stock.graph_ms() for stock in stocks)
    assert Load(stocks[-1], 10).engine_of_one_shop(10**6) < Load(stocks[-1], 10).engine


def test_a_machine_answers_no_more_than_its_cores_give_and_is_found_as_busy_as_was_asked() -> None:
    cpu = (constants.PICTURE_MS.value + constants.PHOTO_MS.value) / 1e3
    assert photo_search(200).rate == pytest.approx(NODE_CORES / cpu, rel=0.01)
    assert as_busy().rate * cpu / NODE_CORES == pytest.approx(BUSY, abs=0.05)
