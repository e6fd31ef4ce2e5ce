"""What the sample shop sold before it is looked at: books that end at the catalogue's stock, the same each time."""

from __future__ import annotations

import csv
import shutil
from collections import Counter, defaultdict
from datetime import UTC, date, datetime
from pathlib import Path

from lab.inventory.sample_stock import write_movements
from loupe.sample_sales import batches, movements
from shared.contracts.stock import MAX_MOVEMENTS, Movement

SAMPLE = Path(__file__).parents[2] / "deploy/local/sample"
TODAY = date(2026, 3, 2)


def shipped() -> list[Movement]:
    return movements(SAMPLE / "movements.csv", TODAY)


def test_what_is_shipped_is_what_the_lab_makes_of_the_catalogue(tmp_path: Path) -> None:
    shutil.copy(SAMPLE / "catalogue.csv", tmp_path)
    write_movements(tmp_path)
    assert (tmp_path / "movements.csv").read_bytes() == (SAMPLE / "movements.csv").read_bytes()


def test_the_books_of_each_piece_end_at_its_stock_and_never_go_below_zero() -> None:
    with (SAMPLE / "catalogue.csv").open(encoding="utf-8", newline="") as file:
        left = {row["sku"]: int(row["stock"]) for row in csv.DictReader(file)}
    of_piece = defaultdict(list)
    for one in shipped():
        of_piece[one.sku].append(one)
    assert of_piece.keys() == left.keys()
    for sku, told in of_piece.items():
        on_hand = 0
        for one in sorted(told, key=lambda one: one.occurred_at):
            assert one.quantity is not None
            signs = {"received": on_hand + one.quantity, "sold": on_hand - one.quantity, "counted": one.quantity}
            on_hand = signs[one.kind]
            assert on_hand >= 0, (sku, one)
        assert on_hand == left[sku], sku


def test_some_pieces_sell_fast_most_sell_and_some_lie() -> None:
    sold = Counter(one.sku for one in shipped() if one.kind == "sold")
    pieces = {one.sku for one in shipped()}
    assert 5 <= sum(count >= 30 for count in sold.values()) <= 40
    assert 5 <= len(pieces - sold.keys()) <= 40
    assert sum(sold.values()) > 500


def test_days_are_before_today_and_names_are_the_same_on_every_day() -> None:
    told, later = shipped(), movements(SAMPLE / "movements.csv", date(2026, 3, 3))
    times = [one.occurred_at for one in told]
    assert max(times) < datetime(2026, 3, 2, tzinfo=UTC)
    assert (TODAY - min(times).date()).days == 119
    assert [one.id for one in told] == [one.id for one in later]
    assert len({one.id for one in told}) == len(told)


def test_each_batch_is_of_whole_pieces_and_no_larger_than_a_request() -> None:
    requests = list(batches(shipped()))
    assert [one for batch in requests for one in batch] == shipped()
    assert all(len(batch) <= MAX_MOVEMENTS for batch in requests)
    assert sum(len({one.sku for one in batch}) for batch in requests) == len({one.sku for one in shipped()})
