"""Where the stack's processors spend their time: `make profile`, or `python -m bench.profile`.

py-spy looks at the embedder and at the process of the other services a hundred times a second, while pictures come in
and each kind of question is asked. Prints a table for each and writes bench/reports/profile.md. Needs root, or the
right to trace one's own processes.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import httpx
import psutil

from bench.search_stack import imported, made_by
from bench.suite import asking
from bench.suite.__main__ import photographs
from bench.suite.closed_loop import closed_loop
from bench.suite.flow import PICTURES
from tests.support.stack import RunningStack

REPORT = Path(__file__).parent / "reports" / "profile.md"
SECONDS = 20.0
_LOOKED, _IMPORTED, _NEW = 100, 400, 600
_ROWS = 8
_PARTS = ("embedder", "backend")
_FRAME = re.compile(r"(.+) \(([^:()]+)(?::\d+)?\)$")
"""A function and its file."""
_OURS = ("services/", "shared/", "deploy/")
_WAITING = re.compile(
    r"wait \(threading|get \(queue|get \(_queue|select \(selectors|poll \(kombu|_worker \(concurrent|accept \(socket"
    r"|_poll \(multiprocessing|_recv \(multiprocessing|_try_wait \(subprocess|_read_from_socket \(redis|sleep "
)


@dataclass
class Seen:
    """`count` things done in `seconds`; by part of the stack: `cpu` s, and how many `samples` were of what."""

    what: str
    count: int = 0
    seconds: float = 0.0
    cpu: dict[str, float] = field(default_factory=dict)
    samples: dict[str, Counter[str]] = field(default_factory=dict)


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    load = os.getloadavg()[0]
    with TemporaryDirectory() as name:
        folder = Path(name)
        made = iter(photographs(_IMPORTED + _NEW, folder))
        catalogue, new = list(islice(made, _IMPORTED)), list(made)
        stack = RunningStack(folder / "home")
        try:
            seen = list(profiled(stack, catalogue, new, folder))
        finally:
            stack.stop()
    told = text(seen, made_by("profile", load))
    print(told)
    REPORT.write_text(told)


def profiled(stack: RunningStack, catalogue: Sequence[Path], new: Sequence[Path], folder: Path) -> Iterator[Seen]:
    rows = [
        {"sku": f"{PICTURES}-{number:05}", "title": f"Piece {number}", "images": str(picture)}
        for number, picture in enumerate(catalogue)
    ]
    with _looked_at(stack, "a picture on its way in", folder) as one:
        imported(stack, rows, folder / "catalogue.csv")
        one.count = len(rows)
    yield one
    skus = [str(row["sku"]) for row in rows]
    for what, clients, ask in (
        ("a search by a new photo", 4, asking.new_photos(new)),
        ("a search by one photo again", 8, asking.one_photo(catalogue[0])),
        ("a search by words", 8, asking.words()),
        ("a list of suggestions", 8, asking.shoppers(stack, skus)),
        ("ten events of shoppers", 8, _events(skus)),
    ):
        closed_loop(stack, 2, 1.0, ask)
        with _looked_at(stack, what, folder) as one:
            one.count = len(closed_loop(stack, clients, SECONDS, ask).times)
        yield one
    with _looked_at(stack, "nobody asks: a second", folder) as one:
        time.sleep(SECONDS)  # what is measured is that nothing is asked
        one.count = round(SECONDS)
    yield one


def _events(skus: Sequence[str]) -> Callable[[httpx.Client, int], httpx.Response]:
    def ask(api: httpx.Client, number: int) -> httpx.Response:
        at = datetime.now(UTC).isoformat()
        events = [
            {"id": uuid4().hex, "type": "clicked", "user_id": f"p-{number % 50}", "sku": sku, "at": at}
            for sku in skus[:10]
        ]
        return api.post("/v1/events", json={"events": events})

    return ask


@contextmanager
def _looked_at(stack: RunningStack, what: str, folder: Path) -> Iterator[Seen]:
    seen = Seen(what)
    spies = {part: _spy(stack.children(part)[0], folder / f"{part}.raw") for part in _PARTS}
    before, started = _cpu(stack), time.perf_counter()
    yield seen
    seen.seconds = time.perf_counter() - started
    seen.cpu = {part: seconds - before[part] for part, seconds in _cpu(stack).items()}
    for part, spy in spies.items():
        spy.send_signal(signal.SIGINT)
        spy.wait(timeout=60)
        seen.samples[part] = counted((folder / f"{part}.raw").read_text())


def _spy(process: psutil.Process, file: Path) -> subprocess.Popen[bytes]:
    command = ["py-spy", "record", "--pid", str(process.pid), "--subprocesses", "--rate", str(_LOOKED)]
    return subprocess.Popen(
        [*command, "--format", "raw", "--output", str(file), "--duration", "unlimited", "--nonblocking"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _cpu(stack: RunningStack) -> dict[str, float]:
    """s of each part and of its children."""
    used = {}
    for part in stack.parts:
        first = stack.children(part)[0]
        times = [one.cpu_times() for one in (first, *first.children(recursive=True))]
        used[part] = sum(one.user + one.system for one in times)
    return used


def counted(raw: str) -> Counter[str]:
    """Samples by the innermost function of ours and the library that it was in, of stacks that do not wait."""
    found: Counter[str] = Counter()
    for line in raw.splitlines():
        stack, number = line.rsplit(" ", 1)
        frames = stack.split(";")
        if not _WAITING.search(frames[-1]):
            found[_named([match.groups() for frame in frames if (match := _FRAME.match(frame))])] += int(number)
    return found


def _named(frames: Sequence[tuple[str, ...]]) -> str:
    library = ""
    for function, file in reversed(frames):
        if file.startswith(_OURS):
            own = f"{file.removesuffix('.py')}: {function}"
            return f"{own}, in {library}" if library else own
        library = library or file.split("/")[0].removesuffix(".py").strip("<>")
    return library


def text(seen: Sequence[Seen], made: str) -> str:
    lines = [
        "# Where the time goes",
        "",
        made,
        "",
        "The innermost function of ours, and the library that it was in. ms of CPU for each of what the heading says;",
        "a process's CPU is split by how often py-spy saw its threads there.",
        "",
    ]
    for one in seen:
        total = sum(one.cpu.values()) / max(one.count, 1) * 1e3
        lines += [f"## {one.what[0].upper()}{one.what[1:]}", ""]
        parts = ", ".join(f"{part} {used / max(one.count, 1) * 1e3:.1f}" for part, used in one.cpu.items())
        lines += [f"{one.count:,} in {one.seconds:.0f} s: {total:.1f} ms of CPU each, of it {parts}.", ""]
        lines += ["| process | where | ms | share of its process |", "| --- | --- | --- | --- |"]
        for part, samples in one.samples.items():
            every = sum(samples.values())
            for where, count in samples.most_common(_ROWS):
                share = count / every
                ms = share * one.cpu[part] / max(one.count, 1) * 1e3
                lines.append(f"| {part} | {where.replace('|', '/')} | {ms:.2f} | {share:.0%} |")
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
