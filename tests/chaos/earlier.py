"""What a report of faults says of the runs before this one."""

from __future__ import annotations

import re
from collections import Counter

_LETTERS = "What dead letters said"
_PROBLEMS = "What was not as promised"


class Earlier:
    """The rows of a report that have `rounds` rounds. One that was stopped in its rounds is run again."""

    def __init__(self, report: str, rounds: int) -> None:
        self._sections = {
            title: body.strip().splitlines() for title, body in re.findall(r"^## (.+)\n([^#]*)", report, re.MULTILINE)
        }
        self._rounds = rounds

    def lines(self, title: str) -> dict[str, str]:
        """The lines of a table by the names of their faults."""
        cells = {line: [cell.strip() for cell in line.split("|")[1:-1]] for line in self._sections.get(title, [])}
        return {told[0]: line for line, told in cells.items() if len(told) > 1 and told[1] == str(self._rounds)}

    @property
    def reasons(self) -> Counter[str]:
        said = (line.removeprefix("- ").split(" of: ", 1) for line in self._sections.get(_LETTERS, []))
        return Counter({why: int(times) for times, why in said})

    @property
    def problems(self) -> list[str]:
        return list(self._sections.get(_PROBLEMS, []))

    @property
    def words(self) -> str:
        rows = sum(len(self.lines(title)) for title in self._sections)
        return f" {rows} of the rows are of runs before it." if rows else ""
