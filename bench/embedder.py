"""The embedder against the loop that one would write first, and where its time goes, in one run.

`python -m bench.embedder` measures the first model of EMBEDDER_MODEL_DIRS, or the one that ships, on pictures that it
makes of the evaluation renders: 1024 pixels a side, JPEG. Prints the figures, and
writes them to bench/reports/embedder.md.

- naive: pictures one after the other. Pillow decodes all pixels, torch finds the pieces and embeds each on its own, in
  single precision with torch's own number of threads. The model, the finder and the heads are those of ours.
- ours: the embedder's analysis, by as many threads as its worker has.

Both take turns, round by round. Other work on the machine still slows the naive loop more: torch's threads wait for
each other, and do so spinning. The ratio is only good on a quiet machine.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from PIL import Image

from lab.train.finder_package import load
from services.embedder.analyse import Analyse
from services.embedder.find import Floats
from services.embedder.finder import FINDER_MANIFEST, Finder
from services.embedder.heads import Heads
from services.embedder.main import load_models
from services.embedder.manifest import HEADS, read_manifest
from services.embedder.settings import Settings
from services.embedder.torch_encoder import load_network
from shared.contracts.fields import MAX_PIECES

RENDERS = Path(__file__).parents[1] / "lab" / "evaluation" / "renders" / "pictures"
REPORT = Path(__file__).parent / "reports" / "embedder.md"
SIDE = 1024
GRAIN = 4.0
"""Of 255: the noise of a phone's camera, without which an enlarged picture would be smaller and decode faster."""
ROUNDS = 3
STAGES = {
    "read_bytes": "read and decode",
    "decode": "read and decode",
    "find": "find",
    "crop": "crop and prepare",
    "crop_piece": "crop and prepare",
    "scale": "crop and prepare",
    "letterbox": "crop and prepare",
    "normalise": "crop and prepare",
    "warnings_of": "warnings",
    "submit": "forward",
    "result": "forward",
    "predict": "heads",
    "pack_vector": "pack",
    "model_dump_json": "pack",
}
"""What the analysis calls -> the stage that it counts for."""
REST = "the rest"


class TorchFinder(Finder):
    """The finder as eager torch runs it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._network = load(folder)

    def maps(self, batch: Floats) -> tuple[Floats, Floats, Floats]:
        foreground, centres, offsets = (part.numpy() for part in self._network(torch.from_numpy(batch)))
        return foreground, centres, offsets


class Naive:
    """One picture after the other, in torch."""

    def __init__(self, folder: Path) -> None:
        manifest = read_manifest(folder)
        self._size = manifest.input_size
        self._network = load_network(folder, manifest)
        self._heads = Heads.load(folder / HEADS, manifest.heads)
        self._finder = TorchFinder(folder) if FINDER_MANIFEST in manifest.files else None

    def __call__(self, path: Path) -> int:
        """How many pieces it saw."""
        rgb = Image.open(path).convert("RGB")
        with torch.no_grad():
            boxes = self._boxes(rgb) or [(0, 0, *rgb.size)]
            for box in boxes:
                square = rgb.crop(box).resize((self._size, self._size), Image.Resampling.BICUBIC)
                levels = torch.from_numpy(np.asarray(square).astype(np.float32))
                vector = self._network(((levels - 127) / 128).permute(2, 0, 1)[None]).numpy()[0]
                self._heads.predict(vector)
        return len(boxes)

    def _boxes(self, rgb: Image.Image) -> list[tuple[int, int, int, int]]:
        if self._finder is None:
            return []
        manifest, boxes = self._finder.manifest, []
        groups, _ = self._finder.groups(rgb)
        for one in groups:
            odds = float(np.dot(manifest.weights, one.evidence)) + manifest.bias
            rows, columns = np.nonzero(one.mask > 0.5)
            if len(rows) and 1 / (1 + np.exp(-odds)) >= manifest.min_confidence:
                edges = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
                x0, y0, x1, y1 = (edges * max(rgb.size) // len(one.mask)).tolist()
                boxes.append((x0, y0, x1, y1))
        return boxes[:MAX_PIECES]


@dataclass(frozen=True)
class Rate:
    """Over one round: pictures/s, the process's CPU seconds a picture, and pieces a picture."""

    pictures: float
    cpu: float
    pieces: float


@dataclass
class Figures:
    model: str
    bytes: int
    naive: list[Rate]
    ours: list[Rate]
    alone: Rate
    stages: dict[str, float]

    def text(self) -> str:
        pairs = list(zip(self.ours, self.naive, strict=True))
        faster = sorted(ours.pictures / naive.pictures for ours, naive in pairs)
        cheaper = statistics.median(naive.cpu / ours.cpu for ours, naive in pairs)
        rows = {
            "naive torch loop": _told(self.naive),
            "ours": _told(self.ours),
            "**ours / naive**": f"**{statistics.median(faster):.2f}** ({faster[0]:.2f} to {faster[-1]:.2f})",
            "the same by CPU time, torch's waiting threads counted": f"{cheaper:.2f}",
            "ours, one caller": _told([self.alone]),
            "pieces a picture, naive and ours": f"{self.naive[0].pieces:.2f} and {self.ours[0].pieces:.2f}",
        }
        table = "\n".join(f"| {what} | {figure} |" for what, figure in rows.items())
        whole = sum(self.stages.values())
        stages = "\n".join(
            f"| {stage} | {seconds * 1e3:.2f} | {1 / seconds:.0f} | {seconds / whole:.0%} |"
            for stage, seconds in self.stages.items()
            if seconds
        )
        return (
            "# The embedder against a naive loop\n\nMade by `make bench-embedder`, "
            f"on {os.cpu_count()} cores, with {self.model}. Absolute rates are this machine's; "
            f"the ratio is what counts.\n"
            f"Pictures are renders of {SIDE} x {SIDE} pixels, JPEGs of {self.bytes // 1000} kB in the mean. Median of "
            f"{ROUNDS} rounds, in which both took turns.\n\n"
            f"| what | figure |\n| --- | --- |\n{table}\n\n"
            "Where the time of one caller goes, each forward alone on one core:\n\n"
            f"| stage | ms a picture | pictures/s | share |\n| --- | --- | --- | --- |\n{stages}\n"
        )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pictures", type=int, default=48, help="fewer: for a quick look, no report is written")
    arguments = parser.parse_args()
    settings = Settings(broker_url="", object_store_url="")
    folder = Path(settings.model_dirs[0])
    if not folder.is_dir():
        raise SystemExit(f"{folder} is no model folder; this bench needs one whose network torch can run.")
    figures = measure(settings, folder, arguments.pictures)
    print(figures.text())
    if arguments.pictures == parser.get_default("pictures"):
        REPORT.write_text(figures.text())


def measure(settings: Settings, folder: Path, count: int) -> Figures:
    with TemporaryDirectory() as made:
        pictures = make_pictures(count, Path(made))
        few = pictures[:: 2 * ROUNDS]
        (analyse,) = load_models(settings.model_copy(update={"model_dirs": [folder]}))
        naive, by_naive, by_ours = Naive(folder), [], []

        def one(picture: Path) -> int:
            analysis = analyse(picture.read_bytes(), "ingest")
            analysis.model_dump_json()
            return len(analysis.pieces)

        for warm in few[:4]:
            naive(warm)
            one(warm)
        with ThreadPoolExecutor(settings.worker_threads) as pool:
            for _ in range(ROUNDS):
                by_naive.append(rate(lambda: [naive(picture) for picture in few]))
                by_ours.append(rate(lambda: list(pool.map(one, pictures))))
                print(f"naive {_told(by_naive[-1:])}; ours {_told(by_ours[-1:])}", flush=True)
        alone = rate(lambda: [one(picture) for picture in few])
        stages = stages_of(analyse, few)
        analyse.close()
        size = sum(picture.stat().st_size for picture in pictures) // len(pictures)
        return Figures(analyse.model_version, size, by_naive, by_ours, alone, stages)


def make_pictures(count: int, folder: Path) -> list[Path]:
    """Every so-many-th render of the evaluation set, enlarged, with grain."""
    renders = sorted(RENDERS.glob("*.jpg"))
    rng = np.random.default_rng(7)
    made = []
    for render in renders[:: len(renders) // count][:count]:
        with Image.open(render) as small:
            large = small.convert("RGB").resize((SIDE, SIDE), Image.Resampling.LANCZOS)
        levels = np.asarray(large) + rng.normal(0, GRAIN, (SIDE, SIDE, 1))
        made.append(folder / render.name)
        Image.fromarray(levels.clip(0, 255).astype(np.uint8)).save(made[-1], quality=88)
    return made


def rate(work: Callable[[], Sequence[int]]) -> Rate:
    """Of `work`, which returns the number of pieces of each picture."""
    started, cpu = time.perf_counter(), time.process_time()
    pieces = work()
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    return Rate(len(pieces) / seconds, cpu / len(pieces), statistics.mean(pieces))


def _told(rounds: Sequence[Rate]) -> str:
    pictures = statistics.median(one.pictures for one in rounds)
    cpu = statistics.median(one.cpu for one in rounds)
    return f"{pictures:.1f} pictures/s, {cpu * 1e3:.0f} ms of CPU a picture"


def stages_of(analyse: Analyse, pictures: Sequence[Path]) -> dict[str, float]:
    """Seconds a picture in each stage, for one caller: what analyse.py itself calls, as the profiler saw it."""
    profile, started = cProfile.Profile(), time.perf_counter()
    with profile:
        for picture in pictures:
            analyse(picture.read_bytes(), "ingest").model_dump_json()
    whole = time.perf_counter() - started
    profile.create_stats()
    seconds = dict.fromkeys([*STAGES.values(), REST], 0.0)
    for (_, _, callee), (*_, callers) in profile.stats.items():
        for (file, _, _), (*_, spent) in callers.items():
            if callee in STAGES and Path(file).name in ("analyse.py", Path(__file__).name):
                seconds[STAGES[callee]] += spent
    seconds[REST] = whole - sum(seconds.values())
    return {stage: spent / len(pictures) for stage, spent in seconds.items()}


if __name__ == "__main__":
    main()
