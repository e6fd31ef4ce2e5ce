"""What the suite measured, in words and tables."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from bench import embedder
from bench.suite.closed_loop import Loop
from bench.suite.flow import Ingested
from bench.suite.queueing import mean_values

_MEMORY_TARGET_MB = 1_500
_MILLION = 1_000_000


@dataclass(frozen=True)
class Peers:
    """`messaging` messages/s of ours and of lists, `ranking` ms of ours and of `implicit`, `bare` ms of model and
    engine."""

    embedder: embedder.Figures
    messaging: tuple[float, float]
    ranking: tuple[float, float]
    bare: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Suite:
    """`uploads`/s one by one and in batches, `appeared` and `went` in ms, `events`/s accepted and recorded."""

    ingest: Ingested
    uploads: tuple[float, float]
    appeared: Sequence[float]
    went: Sequence[float]
    loops: Mapping[str, Sequence[Loop]]
    events: tuple[float, float]
    memory: Mapping[str, float]
    peers: Peers


def text(suite: Suite, made: str) -> str:
    parts = (_targets(suite), _peers(suite), _asked(suite), _ingest(suite), _memory(suite), _predicted(suite))
    return "\n".join(["# The whole suite", "", made, "", *(line for part in parts for line in part)])


def _targets(suite: Suite) -> Iterator[str]:
    alone = sum(suite.ingest.alone) / 2
    new, again = suite.loops["a new photo"][0], suite.loops["one photo again"][1]
    held = sum(suite.memory.values())
    ratio = suite.ingest.rate / alone
    rows: list[tuple[str, str, str, bool]] = [
        ("ingest / the embedder alone", ">= 0.75", f"{ratio:.2f}", ratio >= 0.75),
        ("uploads of 100 kB accepted, one by one", ">= 200/s", f"{suite.uploads[0]:.0f}/s", suite.uploads[0] >= 200),
        ("the same in batches of 16", ">= 200/s", f"{suite.uploads[1]:.0f}/s", suite.uploads[1] >= 200),
        ("upload to searchable, p99, idle", "<= 2 s", f"{_p99(suite.appeared):.0f} ms", _p99(suite.appeared) <= 2_000),
        ("removal to gone, p99, idle", "<= 1 s", f"{_p99(suite.went):.0f} ms", _p99(suite.went) <= 1_000),
        ("search by a new photo, p50, 1 client", "<= 80 ms", f"{new.quantile(0.5):.0f} ms", new.quantile(0.5) <= 80),
        ("search by one photo again, 8 clients", ">= 100/s", f"{again.rate:.0f}/s", again.rate >= 100),
        ("the same, p99", "<= 100 ms", f"{again.quantile(0.99):.0f} ms", again.quantile(0.99) <= 100),
        ("memory of the local stack", "<= 1.5 GB", f"{held / 1e3:.2f} GB", held <= _MEMORY_TARGET_MB),
    ]  # fmt: skip
    yield from ("## Targets", "", "| what | target | measured | |", "| --- | --- | --- | --- |")
    yield from (f"| {what} | {target} | {got} | {'met' if met else '**missed**'} |" for what, target, got, met in rows)
    yield ""


def _peers(suite: Suite) -> Iterator[str]:
    figures, (ours, lists), (rank, implicit) = suite.peers.embedder, suite.peers.messaging, suite.peers.ranking
    rate = median(one.pictures for one in figures.ours)
    naive = median(one.pictures for one in figures.naive)
    whole = suite.loops["a new photo"][0].quantile(0.5)
    model, engine = (float(np.median(column)) for column in zip(*suite.peers.bare, strict=True))
    rows = [
        ("embedder; a naive torch loop", "pictures/s", f"{rate:.1f}", f"{naive:.1f}", rate / naive),
        (
            "Celery as we set it up, without log lines; lists in Redis",
            "messages/s",
            f"{ours:,.0f}",
            f"{lists:,.0f}",
            ours / lists,
        ),
        (
            "search by a new photo; model and engine alone",
            "ms",
            f"{whole:.1f}",
            f"{model:.1f} + {engine:.1f}",
            whole / (model + engine),
        ),
        ("a list of 20; `implicit`, 64 factors of 5,000", "ms", f"{rank:.1f}", f"{implicit:.1f}", rank / implicit),
    ]
    yield from (
        "## Beside peers, in the same run",
        "",
        "| what | | ours | peer | ratio |",
        "| --- | --- | --- | --- | --- |",
    )
    yield from (f"| {what} | {unit} | {own} | {peer} | {ratio:.2f} |" for what, unit, own, peer, ratio in rows)
    yield ""


def _asked(suite: Suite) -> Iterator[str]:
    yield from (
        "## Answers by clients",
        "",
        "Each asks, waits and asks again. They run in this command's own process, whose CPU is counted too.",
        "",
        "| what | clients | answers/s | p50 ms | p99 ms | CPU ms an answer | refused |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    )
    for what, loops in suite.loops.items():
        for one in loops:
            times = f"{one.quantile(0.5):.0f} | {one.quantile(0.99):.0f}"
            yield f"| {what} | {one.clients} | {one.rate:.1f} | {times} | {one.cpu * 1e3:.1f} | {one.refused} |"
    yield from ("", f"Events: {suite.events[0]:,.0f}/s accepted, {suite.events[1]:,.0f}/s recorded.", "")


def _ingest(suite: Suite) -> Iterator[str]:
    ingest = suite.ingest
    alone = " and ".join(f"{rate:.1f}" for rate in ingest.alone)
    hours = ingest.cpu * _MILLION / 3600
    kept = sum(ingest.kept.values())
    yield from (
        "## Pictures on their way in",
        "",
        f"{ingest.pictures:,} pictures: {ingest.rate:.1f}/s; the embedder alone, before and after: {alone}/s.",
        f"A picture costs {ingest.cpu * 1e3:.0f} ms of CPU in all processes and {kept / 1e3:.0f} kB of disk; a million",
        f"of them {hours:.1f} hours of a core, {hours / (os.cpu_count() or 1):.1f} of this machine, and "
        f"{kept * _MILLION / 1e9:.0f} GB.",
        "",
        "| on disk | kB a picture |",
        "| --- | --- |",
        *(f"| {part} | {size / 1e3:.1f} |" for part, size in sorted(ingest.kept.items()) if size > 100),
        "",
        "| where services spend time, by their metrics | ms a picture |",
        "| --- | --- |",
        *(
            f"| {name} | {seconds * 1e3:.1f} |"
            for name, seconds in sorted(ingest.stages.items(), key=lambda one: -one[1])
            if seconds > 0.0005
        ),
        "",
    )


def _memory(suite: Suite) -> Iterator[str]:
    yield from ("## Memory", "", "After all of it; shared pages counted once.", "", "| part | MB |", "| --- | --- |")
    yield from (f"| {part} | {size:.0f} |" for part, size in suite.memory.items())
    yield ""


def _predicted(suite: Suite) -> Iterator[str]:
    yield from (
        "## What the queueing model of docs/scale.md predicts",
        "",
        "From one client's figures: the CPU of an answer, how much of it the process of gateway and recommender works,",
        "whose interpreter runs one thread at a time, and the rest of its time as waiting that nobody shares.",
        "",
        "| what | clients | predicted answers/s | measured | error |",
        "| --- | --- | --- | --- | --- |",
    )
    for what, loops in suite.loops.items():
        first = loops[0]
        other = float(np.mean(first.times)) / 1e3 - first.cpu
        for one in loops:
            predicted = mean_values(one.clients, first.cpu, other, serial=first.cpu_by_process["backend"])
            error = predicted.rate / one.rate - 1
            yield f"| {what} | {one.clients} | {predicted.rate:.1f} | {one.rate:.1f} | {error:+.0%} |"
    yield ""


def _p99(times: Sequence[float]) -> float:
    return float(np.quantile(times, 0.99))
