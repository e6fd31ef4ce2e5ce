"""A run of faults that goes on where its report stopped."""

from __future__ import annotations

from tests.chaos.counting import Outcome
from tests.chaos.earlier import Earlier
from tests.chaos.faults import FAULTS
from tests.chaos.rounds import Row, line, table

WHOLE = Row(FAULTS[0], "processes", Outcome(rounds=20, accepted=100))
STOPPED = Row(FAULTS[1], "processes", Outcome(rounds=7, accepted=35))
REPORT = f"""# Faults

## Each service and server a process

{table([line(WHOLE), line(STOPPED)])}

## What dead letters said

- 2 of: image.stored: Retryable: The object store does not answer: again of: it

## What was not as promised

- processes: broker killed: lost
"""


def test_a_fault_that_had_all_its_rounds_keeps_its_line_and_one_that_was_stopped_does_not() -> None:
    earlier = Earlier(REPORT, 20)
    assert earlier.lines("Each service and server a process") == {FAULTS[0].name: line(WHOLE)}
    assert earlier.lines("The one-command stack") == {}
    assert earlier.words == " 1 of the rows are of runs before it."


def test_what_dead_letters_said_and_what_was_not_kept_stay_told() -> None:
    earlier = Earlier(REPORT, 20)
    assert earlier.reasons == {"image.stored: Retryable: The object store does not answer: again of: it": 2}
    assert earlier.problems == ["- processes: broker killed: lost"]


def test_without_a_report_nothing_was_run_before() -> None:
    earlier = Earlier("", 20)
    assert (earlier.lines("The one-command stack"), earlier.problems, earlier.words) == ({}, [], "")
