"""The short form of `make chaos`: one round of the most telling faults, each service and each server a process.

A picture that kills has tests of its own, and kills between two steps of a race.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.chaos.faults import SHORT, Fault
from tests.chaos.rounds import Rounds
from tests.chaos.stand import Stand


@pytest.fixture(scope="module")
def rounds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rounds]:
    stand = Stand(tmp_path_factory.mktemp("faults"), "processes")
    yield Rounds(stand)
    stand.close()


@pytest.mark.parametrize("fault", SHORT, ids=lambda fault: fault.name)
def test_what_was_accepted_is_searchable_or_rejected_and_what_was_removed_stays_so(
    rounds: Rounds, fault: Fault
) -> None:
    outcome = rounds.run(fault, 1).outcome
    assert outcome.problems == []
    assert outcome.searchable + outcome.rejected + outcome.lost == 3
    assert outcome.kept_all


def test_after_all_faults_the_index_holds_each_piece_once_and_no_other(rounds: Rounds) -> None:
    rounds.finish()
    assert [problem for row in rounds.rows for problem in row.outcome.problems] == []
