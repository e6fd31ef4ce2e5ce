"""Rounds of faults on one stand, and the table of what came of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import count

from tests.chaos import counting
from tests.chaos.counting import Outcome
from tests.chaos.faults import Fault
from tests.chaos.shopping import Sent, Work
from tests.chaos.stand import Stand

_PICTURES_A_ROUND = 10


@dataclass
class Row:
    fault: Fault
    stack: str
    outcome: Outcome = field(default_factory=Outcome)
    kept: list[Sent] = field(default_factory=list)
    gone: list[Sent] = field(default_factory=list)


class Rounds:
    """All rounds share a stand, and its shop grows: in each, the shop also removes one piece of the round before."""

    def __init__(self, stand: Stand) -> None:
        self.stand = stand
        self.rows: list[Row] = []
        self._numbers = count(1)

    def run(self, fault: Fault, rounds: int, say: Callable[[str], object] = str) -> Row:
        row = Row(fault, self.stand.stack)
        self.rows.append(row)
        for number in range(1, rounds + 1):
            outcome = self._round(row)
            row.outcome.add(outcome)
            told = "all kept" if outcome.kept_all else "; ".join(outcome.problems)
            say(f"{self.stand.stack}: {fault.name}: round {number}, {outcome.longest:.0f} s: {told}")
        return row

    def finish(self) -> None:
        """Hold the index against all rounds; of the one-command stack, once it is stopped."""
        counting.count_index(self.stand, [(row.outcome, row.kept, row.gone) for row in self.rows])

    def _round(self, row: Row) -> Outcome:
        started = time.monotonic()
        self.stand.calm()
        number = next(self._numbers)
        older = row.kept[-1:]
        letters = counting.letters(self.stand)
        work = Work(self.stand, f"R{number:04}", number * _PICTURES_A_ROUND, older, row.fault.poison)
        problems = []
        try:
            row.fault.strike(self.stand, work)
            work.join()
        except AssertionError as error:  # told with the rest; the other faults have their rounds
            problems.append(str(error))
        ledger = work.ledger
        problems += counting.settle(self.stand)
        outcome = counting.count(self.stand, ledger, letters)
        outcome.problems += problems
        row.kept = [sent for sent in row.kept if sent not in older] + ledger.kept
        row.gone += [*older, *ledger.removed, *ledger.poison]
        outcome.removed += len(older)
        outcome.longest = time.monotonic() - started
        return outcome


HEADS = (
    *("fault", "rounds", "pictures accepted", "searchable", "rejected", "removed", "events", "recorded"),
    *("lost", "twice", "came back", "dead letters", "differences", "longest s"),
)


def table(lines: Iterable[str]) -> str:
    """In Markdown, a line a fault."""
    return "\n".join([f"| {' | '.join(HEADS)} |", f"|{' --- |' * len(HEADS)}", *lines])


def line(row: Row) -> str:
    seen = row.outcome
    cells = (
        *(row.fault.name, seen.rounds, seen.accepted, seen.searchable, seen.rejected, seen.removed),
        *(seen.events, seen.recorded, seen.lost, seen.twice, seen.came_back),
        *(seen.dead_letters, seen.found, f"{seen.longest:.0f}"),
    )
    return f"| {' | '.join(map(str, cells))} |"
