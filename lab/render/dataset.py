"""Rendering a set of frames to a folder: resumable, in parallel, with its ground truth in manifest.csv."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import as_completed
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from scipy.fft import dctn

from lab.processes import pool
from lab.render.design import to_json
from lab.render.frames import Frame, describe

PICTURE_SIZE = 256
SAMPLES = 12
RENDERER = 1
"""Raised whenever the pictures of a seed change, so that those of two renderers never mix in one folder."""
COLUMNS = [
    "path",
    "set",
    "split",
    "type",
    "class",
    "item_id",
    "metal",
    "stone",
    "view",
    "licence",
    "source_repo",
    "sha256",
    "phash",
    "dup_group",
    "mask",
    "boxes",
    "orig_split",
    "design",
    "stones",
    "pose",
    "light",
    "background",
    "camera",
    "seed",
    "family",
    "differs",
    "pieces",
]
"""The columns of the real pictures' manifest, then our own; empty = not known. A tray is of type `set`.

`boxes`: JSON [[x0, y0, x1, y1], ...] as fractions of the picture, one a piece. `mask`: a PNG whose value 0 is the
backdrop and i + 1 piece i. `design`, `stones`, `camera`, `pieces`: JSON; `pieces` lists a tray's pieces in mask order.
"""


def render_set(
    frames: Sequence[Frame],
    out: Path,
    name: str,
    size: int = PICTURE_SIZE,
    samples: int = SAMPLES,
    workers: int | None = None,
) -> str:
    """Render what is missing in `out`, then write `out`/manifest.csv; returns the set's name, `name`-HASH.

    Every finished frame leaves pictures/NAME.jpg, masks/NAME.png and, last, rows/NAME.json, each moved into place
    whole, so a killed run goes on where it stopped. Raises `SystemExit` when `out` holds another set.
    """
    for folder in ("pictures", "masks", "rows"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    seed = frames[0].seed[0] if frames else 0
    _claim(out, {"name": name, "seed": seed, "size": size, "samples": samples, "renderer": RENDERER})
    missing = [frame for frame in frames if not (out / "rows" / f"{frame.name}.json").is_file()]
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns) as progress:
        bar = progress.add_task(name, total=len(frames), completed=len(frames) - len(missing))
        begun = time.perf_counter()
        for _ in _rendered(missing, out, name, size, samples, workers):
            progress.advance(bar)
        if missing:
            seconds = time.perf_counter() - begun
            progress.console.print(f"{len(missing)} in {seconds:.0f} s: {len(missing) / seconds:.2f} pictures/s")
    return write_manifest(frames, out, name)


def _claim(out: Path, made: dict[str, Any]) -> None:
    """Note how the set in `out` is made, or check that it is made the same way."""
    note = out / "made.json"
    if not note.is_file():
        replace_file(note, json.dumps(made).encode())
    elif json.loads(note.read_text()) != made:
        raise SystemExit(f"{out} holds another set ({note.read_text()}); name another folder or remove it")


def _rendered(
    frames: Sequence[Frame], out: Path, name: str, size: int, samples: int, workers: int | None
) -> Iterator[str]:
    count = min(workers or os.cpu_count() or 1, max(1, len(frames)))
    if count == 1:
        for frame in frames:
            yield render_frame(frame, out, name, size, samples)
        return
    with pool(count, one_thread) as started:
        tasks = [started.submit(render_frame, frame, out, name, size, samples) for frame in frames]
        try:
            for task in as_completed(tasks):
                yield task.result()
        except BaseException:
            started.shutdown(wait=False, cancel_futures=True)
            raise


def one_thread() -> None:
    """A worker renders on one core; the others have theirs."""
    import drjit

    os.environ["OMP_NUM_THREADS"] = "1"
    drjit.set_thread_count(1)


def render_frame(frame: Frame, out: Path, name: str, size: int, samples: int) -> str:
    """Render one frame into `out` and return its name."""
    from lab.render.scene import photograph

    pieces, poses, shot = frame.staged()
    photo = photograph(pieces, shot, size, samples, frame.picture_seed)
    data = jpeg(photo.picture, min(shot.quality, frame.best_quality))
    replace_file(out / "pictures" / f"{frame.name}.jpg", data)
    replace_file(out / "masks" / f"{frame.name}.png", png(photo.mask))
    truths = [describe(design, parts) for design, parts in zip(frame.designs, pieces, strict=True)]
    boxes = [box(photo.mask == number) for number in range(1, len(pieces) + 1)]
    one = truths[0] if len(truths) == 1 else None
    row = dict.fromkeys(COLUMNS, "") | {
        "path": f"pictures/{frame.name}.jpg",
        "set": name,
        "split": frame.split,
        "type": one["type"] if one else "set",
        "class": frame.designs[0].style if one else "",
        "item_id": one["item_id"] if one else f"tray-{frame.name}",
        "metal": one["metal"] if one else "",
        "stone": one["stone"] if one else "",
        "view": "studio" if shot.light == "studio white" else "lying",
        "licence": "own render",
        "sha256": hashlib.sha256(data).hexdigest(),
        "phash": phash(data),
        "dup_group": one["item_id"] if one else f"tray-{frame.name}",
        "mask": f"masks/{frame.name}.png",
        "boxes": json.dumps(boxes),
        "design": to_json(frame.designs[0]) if one else "",
        "stones": json.dumps(one["stones"]) if one else "",
        "pose": poses[0] if one else "",
        "light": shot.light,
        "background": shot.backdrop.kind,
        "camera": json.dumps(shot.camera()),
        "seed": "-".join(map(str, frame.seed)),
        "family": frame.family,
        "differs": frame.differs,
        "pieces": ""
        if one
        else json.dumps([t | {"design": to_json(d)} for t, d in zip(truths, frame.designs, strict=True)]),
    }
    replace_file(out / "rows" / f"{frame.name}.json", json.dumps(row).encode())
    return frame.name


def write_manifest(frames: Sequence[Frame], out: Path, name: str) -> str:
    """Write `out`/manifest.csv in the order of `frames`; returns `name` with the first 12 digits of its SHA-256."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for frame in frames:
        writer.writerow(json.loads((out / "rows" / f"{frame.name}.json").read_text()))
    data = text.getvalue().encode()
    replace_file(out / "manifest.csv", data)
    return f"{name}-{hashlib.sha256(data).hexdigest()[:12]}"


def replace_file(path: Path, data: bytes) -> None:
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_bytes(data)
    part.replace(path)


def jpeg(picture: npt.NDArray[np.uint8], quality: int) -> bytes:
    """`picture` (h, w, 3) uint8 as JPEG, `quality` 1..95."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=quality, optimize=True)
    return buffer.getvalue()


def png(mask: npt.NDArray[np.uint8]) -> bytes:
    """`mask` (h, w) uint8 of small numbers as PNG, 4 bits a pixel."""
    buffer = io.BytesIO()
    image = Image.fromarray(mask, "P")
    image.putpalette([value for i in range(16) for value in ((i * 97) % 256, (i * 57) % 256, (i * 193) % 256)])
    image.save(buffer, "PNG", optimize=True, bits=4)
    return buffer.getvalue()


def box(mask: npt.NDArray[np.bool_]) -> list[float]:
    """[x0, y0, x1, y1] about what is true, as fractions; all 0 where nothing is."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return [0.0, 0.0, 0.0, 0.0]
    h, w = mask.shape
    edges = (columns[0] / w, rows[0] / h, (columns[-1] + 1) / w, (rows[-1] + 1) / h)
    return [round(float(edge), 4) for edge in edges]


def phash(data: bytes) -> str:
    """The 64-bit perceptual hash of a picture: signs of its lowest 8 x 8 cosine terms about their median."""
    with Image.open(io.BytesIO(data)) as picture:
        grey = np.asarray(picture.convert("L").resize((32, 32), Image.Resampling.LANCZOS), float)
    low = dctn(grey, norm="ortho")[:8, :8].ravel()
    bits = low > np.median(low[1:])
    return f"{int(''.join('1' if bit else '0' for bit in bits), 2):016x}"
