"""The mirror image of a picture."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from services.embedder.decode import decode
from services.embedder.mirror import mirrored
from shared.errors import UnreadablePicture
from tests.support.gateway import picture

TURNED_RIGHT = 6


def png(rgb: np.ndarray[tuple[int, int, int], np.dtype[np.uint8]], orientation: int = 1) -> bytes:
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(rgb).save(buffer, "PNG", exif=exif)
    return buffer.getvalue()


def test_left_is_right_and_nothing_else_changes() -> None:
    rgb = np.random.default_rng(1).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    assert np.array_equal(np.asarray(decode(mirrored(png(rgb)), 10).rgb), rgb[:, ::-1])


def test_a_turned_picture_is_mirrored_as_it_is_seen() -> None:
    rgb = np.random.default_rng(1).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    upright = np.rot90(rgb, -1)
    assert np.array_equal(np.asarray(decode(mirrored(png(rgb, TURNED_RIGHT)), 10).rgb), upright[:, ::-1])


def test_the_largest_picture_comes_back_within_the_limit_of_bytes() -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (8_000, 6_000), "gold").save(buffer, "JPEG")
    again = decode(mirrored(buffer.getvalue()), 10_000)
    assert (again.width, again.height) == (2_048, 1_536)


def test_a_damaged_picture_is_told_as_ever() -> None:
    whole = picture(1, size=(400, 300))
    with pytest.raises(UnreadablePicture):
        mirrored(whole[: len(whole) // 2])
