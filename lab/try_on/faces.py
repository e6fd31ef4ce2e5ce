"""Where earrings and chains go on faces: fitted and measured on photographs that packages carry, marked by hand."""

from __future__ import annotations

import io
import json
import math
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from statistics import median
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
import skimage
from PIL import Image

from lab.statistics import wilson
from lab.try_on.browser import looking
from lab.try_on.rings import NEAR, REPORTS

MARKS = Path(__file__).parent / "faces.json"
"""By picture: the square about a face that the page is given, the lobes of the ears that are seen, where the hook goes
through, and, where it is bare, the sides of the neck where a chain leaves them. In pixels of the whole picture."""
PACKED = {
    "vladmandic-face-api-1.7.15.tgz": (
        "0d77fffeef362ef9c0939cf6c567f3a2e8e177f114fa257a3270cbd2e509b031",
        {f"sample{number}.jpg": f"package/demo/sample{number}.jpg" for number in range(1, 7)},
    ),
    "face_recognition-1.3.0.tar.gz": (
        "5e5efdd1686aa566af0d3cc1313b131e4b197657a8ffd03669e6d3fad92705ec",
        {
            f"{name}.jpg": f"face_recognition-1.3.0/tests/test_images/{name}.jpg"
            for name in ("biden", "obama", "obama2", "obama3")
        },
    ),
}
"""An archive's sha256, and the pictures of it. Both are MIT; of the people in their pictures nothing is kept here."""
_INSTALLED = {
    "astronaut.png": Path(skimage.__file__).parent / "data" / "astronaut.png",
    "grace_hopper.jpg": Path(mpl.get_data_path()) / "sample_data" / "grace_hopper.jpg",
}

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Ear:
    """`start` is the middle of the two points before it, `axes` the head's own (out on the ear's side, down, back),
    each a row; `error` is the page's, in face widths, None where it holds the ear for hidden."""

    face: int
    lobe: Floats
    start: Floats
    axes: Floats
    wide: float
    error: float | None


def evaluate(folder: Path) -> str:
    """Writes faces.md; raises ValueError where an archive in `folder` is another one."""
    pictures = _pictures(folder)
    ears: list[Ear] = []
    necks: list[tuple[float, float]] = []
    marks = json.loads(MARKS.read_text())
    with looking() as look:
        for number, mark in enumerate(marks):
            told = look(pictures[mark["picture"]].crop(mark["crop"]), "face")["found"]
            if not told:
                raise ValueError(f"no face is found in {mark['picture']} at {mark['crop']}")
            ears += [_ear(number, told[0], _within(mark, lobe)) for lobe in mark["ears"]]
            if "neck" in mark:
                left, right = (_within(mark, side) for side in mark["neck"])
                place, wide = told[0]["neck"], told[0]["wide"]
                error = math.dist((place["x"], place["y"]), (left + right) / 2) / wide
                necks.append((error, place["wide"] / math.dist(left, right)))
    REPORTS.mkdir(parents=True, exist_ok=True)
    text = _report(ears, necks, len(marks))
    (REPORTS / "faces.md").write_text(text)
    return text


def _report(ears: list[Ear], necks: list[tuple[float, float]], faces: int) -> str:
    fitted = _fitted(ears)
    kept_out = [
        _error(one, _fitted([other for other in ears if other.face != one.face])) for one in ears
    ]  # a face's two ears are alike
    rows = [
        _row(
            "as the page has it, fitted on these ears", [math.inf if one.error is None else one.error for one in ears]
        ),
        _row("fitted without the face that it is asked of", kept_out),
    ]
    chains = [error for error, _ in necks]
    return "\n".join([
        "# Where try-on hangs earrings and chains",
        "",
        f"`python -m lab evaluate-try-on-faces FOLDER`, on {faces} faces in photographs that scikit-image, matplotlib, "
        "`@vladmandic/face-api` and `face_recognition` carry, marked by hand, in headless Chromium without a GPU. In "
        "widths of the face.",
        "",
        f"| {len(ears)} ears that are seen | within {NEAR:.0%} | median error |",
        "| --- | --- | --- |",
        *rows,
        "",
        f"From the middle of the two points before an ear its lobe is {fitted[0]:.3f} out, {fitted[1]:.3f} down and "
        f"{fitted[2]:.3f} back, by least squares.",
        "",
        f"Chains, on the {len(necks)} of them whose neck is bare: median error {median(chains):.3f}, "
        f"{sum(error <= NEAR for error in chains)} within {NEAR:.0%}; drawn {median(wide for _, wide in necks):.2f} of "
        "the neck's width, median. The marks of necks are the less certain, and the place was fitted on them.",
        "",
    ])  # fmt: skip


def _row(name: str, errors: list[float]) -> str:
    hits = sum(error <= NEAR for error in errors)
    low, high = wilson(hits, len(errors))
    return (
        f"| {name} | {hits} of {len(errors)} ({hits / len(errors):.0%}, {low:.0%} to {high:.0%}) | "
        f"{median(errors):.3f} |"
    )


def _ear(face: int, told: dict[str, Any], lobe: Floats) -> Ear:
    points = np.array([[point["x"], point["y"], point["z"]] for point in told["points"]])
    right, left = points[234], points[454]
    side = 1 if math.dist(lobe, left[:2]) < math.dist(lobe, right[:2]) else -1
    across = left - right
    wide = float(np.linalg.norm(across))
    out = across / wide
    along = points[152] - points[10]
    down = along - out * (along @ out)
    down /= np.linalg.norm(down)
    start = points[[323, 361] if side > 0 else [93, 132]].mean(axis=0)
    placed = next((ear for ear in told["ears"] if ear["side"] == side), None)
    error = None if placed is None else math.dist(lobe, (placed["x"], placed["y"])) / wide
    axes = np.array([side * out, down, np.cross(out, down)])
    return Ear(face, lobe, start[:2], axes[:, :2], wide, error)


def _fitted(ears: list[Ear]) -> Floats:
    """How far out, down and back lobes are, in face widths: least squares over both coordinates of every mark."""
    seen = np.concatenate([one.axes.T for one in ears])
    away = np.concatenate([(one.lobe - one.start) / one.wide for one in ears])
    offsets: Floats = np.linalg.lstsq(seen, away, rcond=None)[0]
    return offsets


def _error(ear: Ear, offsets: Floats) -> float:
    return math.dist(ear.start + ear.wide * (offsets @ ear.axes), ear.lobe) / ear.wide


def _within(mark: dict[str, Any], point: list[float]) -> Floats:
    within: Floats = np.array(point, dtype=float) - np.array(mark["crop"][:2])
    return within


def _pictures(folder: Path) -> dict[str, Image.Image]:
    opened: Callable[[Path | io.BytesIO], Image.Image] = Image.open
    found = {name: opened(path) for name, path in _INSTALLED.items()}
    for archive, (digest, members) in PACKED.items():
        data = (folder / archive).read_bytes()
        if sha256(data).hexdigest() != digest:
            raise ValueError(f"{archive} is not the one that was marked")
        with tarfile.open(fileobj=io.BytesIO(data)) as packed:
            for name, member in members.items():
                file = packed.extractfile(member)
                if file is None:
                    raise ValueError(f"{archive} has no {member}")
                found[name] = opened(io.BytesIO(file.read()))
    return {name: picture.convert("RGB") for name, picture in found.items()}
