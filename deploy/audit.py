"""Known vulnerabilities in lock files, by pip-audit: `python -m deploy.audit LOCK...`.

Ends with 0 when every package was looked up and none is known, 1 when any is, 2 when packages could not be looked up,
for a clean answer of which half is missing is none: pip-audit itself passes over what an index does not know.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SHOWN = 5


@dataclass(frozen=True)
class Verdict:
    """`known`: each vulnerability in words. `unknown`: the packages of which nothing could be learned."""

    looked_up: int
    known: Sequence[str]
    unknown: Sequence[str]

    @property
    def status(self) -> int:
        return 1 if self.known else 2 if self.unknown or not self.looked_up else 0


def judge(report: dict[str, Any]) -> Verdict:
    """Of what pip-audit reports as JSON."""
    found = report["dependencies"]
    known = [
        f"{package['name']} {package['version']}: {vulnerability['id']}, "
        + (f"mended in {', '.join(fixes)}" if (fixes := vulnerability["fix_versions"]) else "not mended yet")
        for package in found
        for vulnerability in package.get("vulns", ())
    ]
    unknown = [package["name"] for package in found if "skip_reason" in package]
    return Verdict(len(found) - len(unknown), known, unknown)


def audited(lock: Path) -> Verdict:
    """Of the packages of a lock file; none is looked up when the advisories cannot be reached."""
    options = ["--disable-pip", "--require-hashes", "--progress-spinner", "off", "--format", "json"]
    command = [sys.executable, "-m", "pip_audit", *options, "--requirement", str(lock)]
    done = subprocess.run(command, capture_output=True, text=True)
    try:
        report: dict[str, Any] = json.loads(done.stdout)
    except json.JSONDecodeError:
        return Verdict(0, [], [f"all ({(done.stderr.strip().splitlines() or ['pip-audit said nothing'])[-1]})"])
    return judge(report)


def main(locks: Sequence[str]) -> int:
    verdicts = {lock: audited(Path(lock)) for lock in locks}
    for lock, verdict in verdicts.items():
        sys.stdout.write(
            f"{lock}: {verdict.looked_up} packages looked up, {len(verdict.known)} known vulnerabilities\n"
        )
        sys.stdout.writelines(f"  {known}\n" for known in verdict.known)
        if unknown := verdict.unknown:
            more = f" and {len(unknown) - _SHOWN} more" if len(unknown) > _SHOWN else ""
            sys.stdout.write(f"  could not be looked up: {', '.join(unknown[:_SHOWN])}{more}\n")
    statuses = {verdict.status for verdict in verdicts.values()}
    if 2 in statuses:
        sys.stdout.write("Not all was checked. Run it where https://pypi.org can be reached.\n")
    return 1 if 1 in statuses else max(statuses, default=2)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
