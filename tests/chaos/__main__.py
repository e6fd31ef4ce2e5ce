"""`python -m tests.chaos`: every fault so many rounds on both stacks; the table, printed and kept as a report.

With `--go-on`, faults that the report has so many rounds of are not run again: it takes hours, and may be stopped.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.chaos.earlier import Earlier
from tests.chaos.faults import FAULTS, Fault
from tests.chaos.rounds import Rounds, Row, line, table
from tests.chaos.stand import Stack, Stand

REPORT = Path(__file__).parents[2] / "bench" / "reports" / "chaos.md"
STACKS: tuple[Stack, ...] = ("one command", "processes")
_IN_A_ROUND = """In a round a shop puts five items with a picture each, changes a price, removes a picture and an item
just made and a picture of the round before, and tells two events, while the fault strikes. What is not answered, or
answered 503, it sends again with the same `Idempotency-Key`. When all messages have their outcome it is counted:
*searchable* is what a search for the picture finds, *removed* includes the older picture, *differences* is what a
comparison of catalogue, object store and index finds then. After the last round every point of the index is held
against all that was accepted."""
_TITLES: dict[Stack, str] = {"one command": "The one-command stack", "processes": "Each service and server a process"}


class Running:
    """Stands of both stacks side by side, each in a thread; `say` and the report are shared."""

    def __init__(
        self, rounds: int, stands: int, only: Sequence[str], report: Path | None, earlier: Earlier | None = None
    ) -> None:
        self._earlier = earlier or Earlier("", rounds)
        self._rounds = rounds
        self._stands = stands
        self._only = only
        self._report = report
        self._started = time.time()
        self._lock = threading.Lock()
        self._done: list[Rounds] = []
        self._left_out: list[str] = []
        self.stopping = threading.Event()

    def stack(self, stack: Stack, number: int, folder: Path) -> None:
        """The rounds of the faults that fall to this stand of the stack."""
        stand = Stand(folder, stack)
        try:
            rounds = Rounds(stand)
            self._done.append(rounds)
            for fault in self._faults(stack)[number :: self._stands]:
                if fault.needs and not getattr(stand, fault.needs):
                    self._left_out.append(f"{fault.name} ({stack}): this machine has no {fault.needs} for it.")
                    continue
                if self.stopping.is_set():
                    break
                rounds.run(fault, self._rounds, self._say)
                self._write()
            rounds.finish()
        finally:
            stand.close()

    def end(self) -> bool:
        """Print the report; whether all was kept."""
        self._write()
        sys.stdout.write(self._text())
        return all(row.outcome.kept_all for row in self._rows()) and not self._earlier.problems

    def _rows(self, stack: Stack | None = None) -> list[Row]:
        """In the order of the faults."""
        rows = [row for rounds in self._done if stack in (None, rounds.stand.stack) for row in rounds.rows]
        return sorted(rows, key=lambda row: FAULTS.index(row.fault))

    def _faults(self, stack: Stack) -> list[Fault]:
        done = self._earlier.lines(_TITLES[stack])
        chosen = [fault for fault in FAULTS if stack in fault.stacks and fault.name not in done]
        return [fault for fault in chosen if not self._only or any(part in fault.name for part in self._only)]

    def _say(self, words: str) -> None:
        with self._lock:
            sys.stdout.write(words + "\n")
            sys.stdout.flush()

    def _write(self) -> None:
        if self._report:
            with self._lock:
                self._report.write_text(self._text())

    def _text(self) -> str:
        minutes = (time.time() - self._started) / 60
        parts = [
            "# Faults",
            f"Made by `make chaos` ({self._rounds} rounds a fault) on {os.cpu_count()} cores in {minutes:.0f} minutes, "
            f"with a small model; {self._stands} of each stack, side by side, shared the faults. "
            f"The load of the machine at the end was {os.getloadavg()[0]:.1f}.{self._earlier.words}",
            _IN_A_ROUND,
        ]
        for stack, title in _TITLES.items():
            lines = self._earlier.lines(title) | {row.fault.name: line(row) for row in self._rows(stack)}
            if lines:
                parts += [f"## {title}", table(lines[fault.name] for fault in FAULTS if fault.name in lines)]
        reasons = sum((row.outcome.reasons for row in self._rows()), self._earlier.reasons)
        if reasons:
            parts += [
                "## What dead letters said",
                "\n".join(f"- {times} of: {why}" for why, times in reasons.items()),
            ]
        problems = self._earlier.problems + [
            f"- {row.stack}: {row.fault.name}: {problem}" for row in self._rows() for problem in row.outcome.problems
        ]
        if problems:
            parts += ["## What was not as promised", "\n".join(problems)]
        if self._left_out:
            parts += ["## Not run", "\n".join(f"- {one}" for one in self._left_out)]
        return "\n\n".join(parts) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--stands", type=int, default=1, help="of each stack, side by side")
    parser.add_argument("--stack", choices=STACKS, action="append", help="all without it")
    parser.add_argument("--only", action="append", default=[], help="faults whose names hold this")
    parser.add_argument("--report", type=Path, help="where the table is kept")
    parser.add_argument("--go-on", action="store_true", help="with the faults that the report does not have yet")
    given = parser.parse_args()
    told = given.report.read_text() if given.go_on and given.report and given.report.exists() else ""
    running = Running(given.rounds, given.stands, given.only, given.report, Earlier(told, given.rounds))
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell has background jobs ignore the first
        signal.signal(number, signal.default_int_handler)
    stacks: Sequence[Stack] = given.stack or STACKS
    stands = [(stack, number) for stack in stacks for number in range(given.stands)]
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(len(stands)) as pool:
        Path(folder).chmod(0o755)  # PostgreSQL's own user passes through
        homes = [Path(folder) / f"{stack.replace(' ', '-')}-{number}" for stack, number in stands]
        for home in homes:
            home.mkdir()
        ends = [pool.submit(running.stack, *stand, home) for stand, home in zip(stands, homes, strict=True)]
        try:
            failures = [end.exception() for end in ends]
        except KeyboardInterrupt:
            running.stopping.set()
            sys.stdout.write("Stopping once the faults that are in work have had their rounds\n")
            failures = [end.exception() for end in ends]
    for failure in failures:
        if failure:
            sys.stderr.write(f"{failure!r}\n")
    if not running.end() or any(failures):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
