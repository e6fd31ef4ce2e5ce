"""The whole suite on one stack, in one run: `make bench`, or `python -m bench.suite [--quick]`.

Prints the figures beside their targets and peers, and writes them to bench/reports/suite.md. It takes about fifteen
minutes of a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import embedder
from bench.recommender_stack import events_a_second
from bench.search_stack import made_by
from bench.search_timing import Bare
from bench.suite import asking, flow, messaging, peers
from bench.suite.closed_loop import memory
from bench.suite.photographs import photograph
from bench.suite.report import Peers, Suite, text
from services.embedder.settings import Settings
from shared.observability import logs
from tests.support.stack import RunningStack

REPORT = Path(__file__).parents[1] / "reports" / "suite.md"
_ENGINE_SEARCHES = 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="A tenth of the pictures, and no report is written.")
    quick = parser.parse_args().quick
    logs.configure("bench", "WARNING")
    load = os.getloadavg()[0]
    with TemporaryDirectory() as name:
        suite = measured(Path(name), 0.1 if quick else 1.0)
    told = text(suite, made_by("bench", load))
    print(told)
    if not quick:
        REPORT.write_text(told)


def measured(folder: Path, part: float) -> Suite:
    counts = [round(part * count) for count in (1_000, 800, 800, 60)]
    counts.append(800)
    made = iter(photographs(sum(counts), folder))
    catalogue, one_by_one, together, new, asked = (list(islice(made, count)) for count in counts)
    settings = Settings(broker_url="", object_store_url="")
    stack = RunningStack(folder / "home")
    try:
        ingest = flow.ingested(stack, catalogue, folder)
        skus = [f"{flow.PICTURES}-{number:05}" for number in range(len(catalogue))]
        loops = {
            "a new photo": asking.loops(stack, asking.new_photos(asked)),
            "one photo again": asking.loops(stack, asking.one_photo(catalogue[0])),
            "words": asking.loops(stack, asking.words()),
            "suggestions": asking.loops(stack, asking.shoppers(stack, skus)),
        }
        appeared, went = flow.in_and_out(stack, new)
        events = events_a_second(stack, round(20 * part), skus)
        uploads = (
            flow.accepted(stack, one_by_one, together=False),
            flow.accepted(stack, together, together=True),
        )
        held = memory(stack)
    finally:
        stack.stop()
    bare = Bare(stack.home, folder)
    engine = [bare.photo(photo.read_bytes()) for photo in asked[:_ENGINE_SEARCHES]]
    bare.store.close()
    model = Path(settings.model_dirs[0])
    beside = Peers(embedder.measure(settings, model, 24), messaging.rates(), peers.ranking(), engine)
    return Suite(ingest, uploads, appeared, went, loops, events, held, beside)


def photographs(count: int, folder: Path) -> Sequence[Path]:
    where = folder / "photographs"
    where.mkdir()

    def make(number: int) -> Path:
        path = where / f"{number:05}.jpg"
        path.write_bytes(photograph(number))
        return path

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(make, range(count)))


if __name__ == "__main__":
    main()
