"""`python -m tests.chaos`: every fault so many rounds on both stacks; the table, printed and kept as a report."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.chaos.faults import FAULTS, Fault
from tests.chaos.rounds import Rounds, Row, table
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
_NO_REASONS: Counter[str] = Counter()


class Running:
    """Both stacks side by side, each in a thread; `say` and the report are shared."""

    def __init__(self, rounds: int, only: Sequence[str], report: Path | None) -> None:
        self._rounds = rounds
        self._only = only
        self._report = report
        self._started = time.time()
        self._lock = threading.Lock()
        self._rows: dict[Stack, list[Row]] = {}
        self._left_out: list[str] = []
        self.stopping = threading.Event()

    def stack(self, stack: Stack, folder: Path) -> None:
        stand = Stand(folder, stack)
        try:
            rounds = Rounds(stand)
            self._rows[stack] = rounds.rows
            for fault in self._faults(stack):
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
        return all(row.outcome.kept_all for rows in self._rows.values() for row in rows)

    def _faults(self, stack: Stack) -> list[Fault]:
        chosen = [fault for fault in FAULTS if stack in fault.stacks]
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
            f"with a small model. The load of the machine at the end was {os.getloadavg()[0]:.1f}.",
            _IN_A_ROUND,
        ]
        for stack, rows in self._rows.items():
            parts += [f"## {_TITLES[stack]}", table(rows).rstrip()]
        reasons = sum((row.outcome.reasons for rows in self._rows.values() for row in rows), _NO_REASONS)
        if reasons:
            parts += [
                "## What dead letters said",
                "\n".join(f"- {times} of: {why}" for why, times in reasons.items()),
            ]
        problems = [
            f"- {row.stack}: {row.fault.name}: {problem}"
            for rows in self._rows.values()
            for row in rows
            for problem in row.outcome.problems
        ]
        if problems:
            parts += ["## What was not as promised", "\n".join(problems)]
        if self._left_out:
            parts += ["## Not run", "\n".join(f"- {one}" for one in self._left_out)]
        return "\n\n".join(parts) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--stack", choices=STACKS, action="append", help="all without it")
    parser.add_argument("--only", action="append", default=[], help="faults whose names hold this")
    parser.add_argument("--report", type=Path, help="where the table is kept")
    given = parser.parse_args()
    running = Running(given.rounds, given.only, given.report)
    stacks: Sequence[Stack] = given.stack or STACKS
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor() as pool:
        Path(folder).chmod(0o755)  # PostgreSQL's own user passes through
        homes = [Path(folder) / stack.replace(" ", "-") for stack in stacks]
        for home in homes:
            home.mkdir()
        ends = [pool.submit(running.stack, stack, home) for stack, home in zip(stacks, homes, strict=True)]
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
