"""What comes off a picture before it is stored, and that its pixels stay the very same."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageCms

from services.embedder.decode import decode
from shared.errors import UnsupportedPicture
from shared.pictures import content_type_of, strip
from tests.support.colour_profiles import screen_profile
from tests.support.telling_pictures import PICTURES, SECRET, noise, telling

HEIC = sorted((Path(__file__).parents[1] / "fixtures" / "heic").glob("*.heic"))
WHOLE = 5_000


def pixels(data: bytes) -> npt.NDArray[np.uint8]:
    return np.asarray(decode(data, WHOLE).rgb)


@pytest.mark.parametrize("kind", PICTURES)
def test_nothing_is_left_but_the_picture_as_it_was_and_which_way_is_up(kind: str) -> None:
    sent = PICTURES[kind]()
    assert SECRET in sent or kind == "png"

    kept = strip(sent)

    assert SECRET not in kept
    assert np.array_equal(pixels(kept), pixels(sent))
    told = dict(Image.open(io.BytesIO(kept)).getexif())
    drawing = {key for key in told if key in range(254, 348)} if "tiff" in kind else set()
    assert told.keys() - drawing <= {0x0112}
    assert content_type_of(kept) == content_type_of(sent)


@pytest.mark.parametrize("kind", PICTURES)
def test_what_is_clean_comes_back_as_it_is(kind: str) -> None:
    kept = strip(PICTURES[kind]())

    assert strip(kept) == kept


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_turned_picture_stays_turned(kind: str, orientation: int) -> None:
    told = Image.Exif()
    told[0x0112] = orientation
    sent = telling(kind, exif=told)

    assert np.array_equal(pixels(strip(sent)), pixels(sent))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_a_colour_profile_stays_only_where_colours_need_it(kind: str) -> None:
    plain = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for profile, stays in ((plain, False), (screen_profile(), True)):
        sent = telling(kind, icc_profile=profile)
        kept = strip(sent)
        assert ("icc_profile" in Image.open(io.BytesIO(kept)).info) is stays
        assert SECRET not in kept
        assert np.array_equal(pixels(kept), pixels(sent)) or not stays


@pytest.mark.parametrize("path", HEIC, ids=lambda path: path.stem)
def test_of_a_phones_picture_what_lies_beside_it_becomes_empty(path: Path) -> None:
    plain = path.read_bytes()
    sent = plain + (8 + 16 + len(SECRET)).to_bytes(4) + b"uuid" + bytes(16) + SECRET + SECRET[:5]

    kept = strip(sent)

    assert SECRET not in kept
    assert SECRET[:5] not in kept
    assert np.array_equal(pixels(kept), pixels(plain))


def test_an_animation_keeps_its_frames() -> None:
    for kind in ("GIF", "PNG", "WEBP"):
        written = io.BytesIO()
        noise().save(written, kind, save_all=True, append_images=[noise((90, 60)).rotate(180)], duration=100, loop=0)
        kept = Image.open(io.BytesIO(strip(written.getvalue())))
        assert getattr(kept, "n_frames", 1) == 2
        kept.seek(1)
        kept.load()


@pytest.mark.parametrize("kind", PICTURES)
def test_a_picture_that_is_cut_off_anywhere_is_refused_or_stays_clean(kind: str) -> None:
    sent = PICTURES[kind]()
    for cut in np.linspace(0, len(sent) - 1, 40, dtype=int):
        try:
            kept = strip(sent[:cut])
        except UnsupportedPicture:
            continue
        assert SECRET not in kept


@pytest.mark.parametrize("kind", PICTURES)
def test_damage_never_breaks_the_program(kind: str) -> None:
    sent = PICTURES[kind]()
    random = np.random.default_rng(1)
    warnings.simplefilter("ignore")
    for _ in range(60):
        damaged = bytearray(sent)
        for at in random.integers(0, min(len(sent), 600), 8):
            damaged[at] = random.integers(0, 256)
        try:
            strip(bytes(damaged))
        except UnsupportedPicture:
            continue
