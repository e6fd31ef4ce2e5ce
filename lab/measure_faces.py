"""What CenterFace takes for faces: among jewelry, and among the small grey faces that scikit-image carries."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import skimage
from PIL import Image

from lab.datasets import read_jewelry
from services.embedder.faces import Faces

_SETS = (("samepiece", "worn", 1), ("hands", "", 24), ("typeshops", "", 9), ("mundobijou", "", 40), ("ringfir", "", 70))
"""Set, view and which share of it: one in so many."""
_SIDES = (60, 120)
_EVERY = 5


def measure() -> Iterator[str]:
    """A line a set: in how many pictures a face was found, and the time of one core that a picture took."""
    faces = Faces()
    faces.find(Image.new("RGB", (64, 64)))
    records = read_jewelry()
    for name, view, every in _SETS:
        of_set = [one for one in records if one.collection == name and view in ("", one.view)][::every]
        yield _line(" ".join(filter(None, (name, view))), faces, (Image.open(one.path) for one in of_set))
    small = np.load(Path(skimage.__file__).parent / "data" / "lfw_subset.npy")  # 100 faces, then 100 others
    for side in _SIDES:
        for name, some in (("faces", small[:100:_EVERY]), ("no faces", small[100::_EVERY])):
            yield _line(f"LFW, {name}, {side} px", faces, (_on_grey(one, side) for one in some))


def _line(name: str, faces: Faces, pictures: Iterable[Image.Image]) -> str:
    began, found, count = time.process_time(), 0, 0
    for picture in pictures:
        found += bool(faces.find(picture.convert("RGB")))
        count += 1
    return f"{name}: a face in {found} of {count}, {(time.process_time() - began) / max(count, 1):.2f} s each"


def _on_grey(levels: npt.NDArray[np.float64], side: int) -> Image.Image:
    picture = Image.new("RGB", (320, 240), (180, 170, 160))
    face = Image.fromarray((levels * 255).astype(np.uint8)).resize((side, side), Image.Resampling.BICUBIC)
    picture.paste(face, (100, 60))
    return picture
