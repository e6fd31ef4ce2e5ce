"""Import of real pictures through the whole local stack, against the embedder alone in the same run.

`python -m bench.ingest [--limit N]` needs ../shared/data. Prints, and writes to bench/reports/ingest.md: the import's
rate over the embedder's own (the same decode, model and thread pool, with no store, queue or index), what became of
every picture, how many of 200 pictures find themselves first, and RingFIR's R@1 by class through the API.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from loupe.catalogue_file import Catalogue, read
from services.embedder.main import load_models
from services.embedder.settings import Settings
from shared.errors import Permanent
from tests.support.stack import RunningStack

DATA = Path(__file__).parents[2] / "shared" / "data" / "jewelry"
REPORT = Path(__file__).parent / "reports" / "ingest.md"
SETS = ("ringfir", "mundobijou")
ALONE = 1000
SEED = 7


@dataclass
class Figures:
    pictures: int
    alone: tuple[float, float]
    import_rate: float
    states: dict[str, int]
    itself_first: int
    ringfir: tuple[int, int]

    def text(self) -> str:
        alone = sum(self.alone) / 2
        right, asked = self.ringfir
        rows = {
            "pictures imported": f"{self.pictures}",
            "embedder alone, before and after the import": f"{self.alone[0]:.1f} and {self.alone[1]:.1f} pictures/s",
            "import, first upload to last picture indexed": f"{self.import_rate:.1f} pictures/s",
            "**import / embedder alone**": f"**{self.import_rate / alone:.2f}**",
            "states at the end": ", ".join(f"{count} {state}" for state, count in self.states.items() if count),
            "pictures that find themselves first": f"{self.itself_first} of 200",
            "RingFIR R@1 by class, each picture without itself": f"{right / max(asked, 1):.3f} ({asked} queries)",
        }
        table = "\n".join(f"| {what} | {figure} |" for what, figure in rows.items())
        return (
            "# Import through the local stack\n\nMade by `make bench-ingest`, "
            f"on {os.cpu_count()} cores. Absolute rates are this machine's; the ratio is what counts.\n\n"
            f"| what | figure |\n| --- | --- |\n{table}\n"
        )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--limit", type=int, default=None, help="only so many pictures: for a quick look")
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    where = {"set": frozenset(SETS)}
    catalogue = read(DATA / "manifest.csv", DATA, where)
    if arguments.limit is not None:
        del catalogue.entries[arguments.limit :]
    if arguments.alone:
        print(embedder_alone(catalogue))
        return
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(catalogue, Path(folder))
    print(figures.text())
    if arguments.limit is None:
        REPORT.parent.mkdir(exist_ok=True)
        REPORT.write_text(figures.text())


def measure(catalogue: Catalogue, folder: Path) -> Figures:
    file = folder / "catalogue.csv"
    write(catalogue, file)
    before = alone_in_a_process(len(catalogue.entries))
    stack = RunningStack(folder / "home")
    try:
        pictures = sum(len(entry.pictures) for entry in catalogue.entries)
        started = time.perf_counter()
        done = stack.loupe("import", str(file), "--pictures", "/")
        rate = pictures / (time.perf_counter() - started)
        print(done.stdout[-300:], done.stderr[-300:], f"{rate:.1f} pictures/s", flush=True)
        states = stack.api.get("/v1/status").json()["images"]
        first = itself_first(stack.api, catalogue)
        ringfir = ringfir_recall(stack.api, catalogue)
    finally:
        stack.stop()
    after = alone_in_a_process(len(catalogue.entries))
    return Figures(pictures, (before, after), rate, states, first, ringfir)


def write(catalogue: Catalogue, file: Path) -> None:
    """The catalogue as a shop would send it: whole paths, so that it does not matter where the file lies."""
    with file.open("w", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(["sku", "title", "class", "images"])
        for entry in catalogue.entries:
            names = "|".join(str(picture) for picture in entry.pictures)
            writer.writerow([entry.sku, entry.item.title, entry.item.attributes.get("class", ""), names])


def alone_in_a_process(limit: int) -> float:
    command = [sys.executable, "-m", "bench.ingest", "--alone", "--limit", str(limit)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return float(told.splitlines()[-1])


def embedder_alone(catalogue: Catalogue) -> float:
    """Pictures/s of the embedder's analysis, by as many threads as its worker has."""
    settings = Settings(broker_url="", object_store_url="")
    (analyse,) = load_models(settings)
    pictures = [picture for entry in catalogue.entries for picture in entry.pictures]
    chosen = random.Random(SEED).sample(pictures, min(ALONE, len(pictures)))

    def one(picture: Path) -> None:
        with suppress(Permanent):
            analyse(picture.read_bytes(), "ingest").model_dump_json()

    with ThreadPoolExecutor(settings.worker_threads) as pool:
        list(pool.map(one, chosen[:64]))
        started = time.perf_counter()
        list(pool.map(one, chosen))
        return len(chosen) / (time.perf_counter() - started)


def search(api: httpx.Client, picture: Path, limit: int) -> list[str]:
    image = (picture.name, picture.read_bytes(), "image/jpeg")
    answer = api.post("/v1/search", files={"image": image}, data={"query": json.dumps({"limit": limit})})
    answer.raise_for_status()
    found = answer.json()
    return [result["sku"] for result in found["results"] or found["suggestions"]]


def itself_first(api: httpx.Client, catalogue: Catalogue) -> int:
    asked = random.Random(SEED).sample(catalogue.entries, min(200, len(catalogue.entries)))
    return sum(search(api, entry.pictures[0], 1) == [entry.sku] for entry in asked)


def ringfir_recall(api: httpx.Client, catalogue: Catalogue) -> tuple[int, int]:
    """How often the best hit that is not the picture itself is of its class, and how many were asked."""
    classes = {entry.sku: entry.item.attributes.get("class") for entry in catalogue.entries}
    queries = [entry for entry in catalogue.entries if entry.sku.startswith("ringfir")]
    right = 0
    for entry in queries:
        others = [sku for sku in search(api, entry.pictures[0], 2) if sku != entry.sku]
        right += bool(others) and others[0].startswith("ringfir") and classes[others[0]] == classes[entry.sku]
    return right, len(queries)


if __name__ == "__main__":
    main()
