"""Renders the families: `python -m lab.authenticity.render --split fit --count 100`; a run that was killed goes on."""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from collections.abc import Iterator
from concurrent.futures import as_completed
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

from lab.authenticity.families import Family, Split, family, parts_of
from lab.authenticity.views import glaring, query_shot, turned_over
from lab.authenticity.wear import worn
from lab.processes import pool
from lab.render.dataset import jpeg, one_thread, png, replace_file
from lab.render.design import to_json
from lab.render.parts import Parts
from lab.render.scene import photograph
from lab.render.shots import Shot

CACHE = Path("lab/cache/authenticity")
SIZE, SAMPLES = 320, 6
"""At 6 samples a pixel of 320 x 320 costs what the training renders' 12 of 256 x 256 do, and shows more."""
VERSION = 1
"""Raised when the pictures of a seed change."""
Role = Literal["reference", "query", "worn", "glare", "back", "worn much"]
EXTRAS: tuple[Role, ...] = ("worn", "glare", "back", "worn much")
"""Beside a family's six pictures: one of its base, by turns."""


@dataclass(frozen=True)
class Frame:
    """One picture of a variant of a family."""

    name: str
    role: Role
    variant: int

    def staged(self, made: Family) -> tuple[Parts, Shot]:
        parts, reference = parts_of(made, self.variant), made.reference_shot(self.variant)
        random = made.random(1 + ROLES.index(self.role), self.variant)
        if self.role == "reference":
            return parts, reference
        if self.role == "glare":
            return parts, glaring(random, reference)
        shot = query_shot(random, reference)
        if self.role == "back":
            return turned_over(parts, made.pose), shot
        if self.role in ("worn", "worn much"):
            degree = float(random.uniform(0.2, 0.5) if self.role == "worn" else random.uniform(0.6, 1.0))
            return worn(parts, random, degree), replace(shot, blur=0.0)
        return parts, shot


ROLES: tuple[Role, ...] = get_args(Role)


def frames_of(made: Family) -> list[Frame]:
    found = [Frame(f"{made.name}-{role[0]}{v}", role, v) for v in range(3) for role in ROLES[:2]]
    return [*found, Frame(f"{made.name}-x0", EXTRAS[made.number % len(EXTRAS)], 0)]


def render_family(split: Split, number: int, folder: Path, size: int = SIZE, samples: int = SAMPLES) -> str:
    """Render what is missing of a family; its row, rows/NAME.json, is written last. Returns its name."""
    made = family(split, number)
    pictures = []
    for frame in frames_of(made):
        at = folder / "pictures" / f"{frame.name}.jpg"
        parts, shot = frame.staged(made)
        if not at.is_file():
            seed = int(made.random(9, ROLES.index(frame.role), frame.variant).integers(1 << 24))
            photo = photograph([parts], shot, size, samples, seed)
            replace_file(folder / "masks" / f"{frame.name}.png", png(photo.mask))
            replace_file(at, jpeg(photo.picture, shot.quality))
        pictures.append(
            {
                "path": f"pictures/{frame.name}.jpg",
                "sha256": hashlib.sha256(at.read_bytes()).hexdigest(),
                "role": frame.role,
                "variant": frame.variant,
                "light": shot.light,
                "background": shot.backdrop.kind,
                "camera": shot.camera(),
            }
        )
    replace_file(folder / "rows" / f"{made.name}.json", json.dumps(_row(made, pictures)).encode())
    return made.name


def _row(made: Family, pictures: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "family": made.name,
        "type": made.base.type,
        "style": made.base.style,
        "pose": made.pose,
        "kinds": made.kinds,
        "details": made.details,
        "changed": [round(share, 4) for share in made.changed],
        "designs": [json.loads(to_json(variant.design)) for variant in made.variants],
        "edits": [{key: value for key, value in asdict(v).items() if key != "design"} for v in made.variants],
        "pictures": pictures,
    }


def render(split: Split, count: int, out: Path = CACHE, workers: int = 1) -> Iterator[str]:
    """Render families 0 to `count` of a split into `out`/`split`, and yield the name of each when it is done."""
    folder = out / split
    for name in ("pictures", "masks", "rows"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    note, made = folder / "made.json", {"size": SIZE, "samples": SAMPLES, "version": VERSION}
    if not note.is_file():
        replace_file(note, json.dumps(made).encode())
    elif json.loads(note.read_text()) != made:
        raise SystemExit(f"{folder} was rendered otherwise ({note.read_text()}); name another folder or remove it")
    missing = [n for n in range(count) if not (folder / "rows" / f"{split}-{n:04d}.json").is_file()]
    if workers == 1:
        for number in missing:
            yield render_family(split, number, folder)
        return
    with pool(workers, one_thread) as started:
        try:
            for task in as_completed([started.submit(render_family, split, number, folder) for number in missing]):
                yield task.result()
        except BaseException:
            started.shutdown(wait=False, cancel_futures=True)
            raise


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", choices=("fit", "test"), required=True)
    parser.add_argument("--count", type=int, required=True, help="families; each has 7 pictures")
    parser.add_argument("--out", type=Path, default=CACHE)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    if options.workers == 1:
        one_thread()
    began = time.perf_counter()
    for done, name in enumerate(render(options.split, options.count, options.out, options.workers), 1):
        print(f"{name}: {done} in {time.perf_counter() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
