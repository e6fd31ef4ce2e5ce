"""The decoder on pictures made here: what it takes, what it refuses and with which words."""

from __future__ import annotations

import contextlib
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageDraw

from services.embedder.decode import decode
from shared.contracts.fields import MAX_PICTURE_BYTES
from shared.errors import Permanent, TooLarge, UnreadablePicture, UnsupportedPicture
from tests.support.rings import RED, encoded, heic, near, ring

SIZE = 260


def png_claiming(width: int, height: int) -> bytes:
    """A PNG whose header claims a size that its pixels do not have."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def sixteen_bits() -> bytes:
    levels = np.linspace(0, 65_535, 300 * 300).reshape(300, 300).astype(np.uint16)
    return encoded(Image.fromarray(levels))


FORMATS = {name: encoded(ring(), name) for name in ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")}
FORMATS["HEIF"] = heic("ring")


@pytest.mark.parametrize("image_format", FORMATS)
def test_every_format_becomes_rgb_with_the_pieces_colours(image_format: str) -> None:
    picture = decode(FORMATS[image_format], SIZE)
    assert (picture.width, picture.height, picture.rgb.mode) == (400, 300, "RGB")
    assert near(picture.rgb, (2, 2), (0, 0, 255))
    assert near(picture.rgb, (398, 2), (255, 255, 255))


@pytest.mark.parametrize(
    ("data", "corner"),
    [
        (encoded(ring(mode="CMYK"), "JPEG"), (0, 0, 255)),
        (encoded(ring(mode="CMYK"), "TIFF"), (0, 0, 255)),
        (encoded(ring().quantize(16), "PNG"), (0, 0, 255)),
        (encoded(ring(mode="L"), "PNG"), (29, 29, 29)),
        (encoded(ring(mode="1"), "PNG"), (0, 0, 0)),
        (sixteen_bits(), (0, 0, 0)),
    ],
    ids=["cmyk-jpeg", "cmyk-tiff", "palette", "gray", "bilevel", "16-bit"],
)
def test_every_colour_mode_becomes_rgb(data: bytes, corner: tuple[int, int, int]) -> None:
    picture = decode(data, SIZE)
    assert picture.rgb.mode == "RGB"
    assert near(picture.rgb, (10, 0), corner)


def test_sixteen_bits_keep_their_range() -> None:
    levels = np.asarray(decode(sixteen_bits(), SIZE).rgb)
    assert levels.min() == 0
    assert levels.max() == 255
    assert abs(int(levels[150, 150, 0]) - 128) < 3


@pytest.mark.parametrize("image_format", ["PNG", "WEBP", "GIF"])
def test_transparency_is_laid_over_white(image_format: str) -> None:
    picture = Image.new("RGBA", (300, 300), (0, 0, 0, 0))
    ImageDraw.Draw(picture).rectangle((100, 100, 200, 200), fill=(*RED, 255))
    rgb = decode(encoded(picture, image_format), SIZE).rgb
    assert rgb.getpixel((5, 5)) == (255, 255, 255)
    assert near(rgb, (150, 150), RED)


@pytest.mark.parametrize(
    ("orientation", "blue_at"), [(1, (0, 0)), (3, (1, 1)), (6, (1, 0)), (8, (0, 1)), (2, (1, 0)), (5, (0, 0))]
)
def test_exif_orientation_turns_the_picture_upright(orientation: int, blue_at: tuple[int, int]) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = decode(encoded(ring(800, 600), "JPEG", exif=exif), SIZE)
    assert (picture.width, picture.height) == ((600, 800) if orientation >= 5 else (800, 600))
    x, y = (edge * (side - 1) for edge, side in zip(blue_at, picture.rgb.size, strict=True))
    assert near(picture.rgb, (x, y), (0, 0, 255))


def test_a_damaged_orientation_tag_leaves_the_picture_as_it_is() -> None:
    picture = decode(encoded(ring(), "JPEG", exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff garbage"), SIZE)
    assert (picture.width, picture.height) == (400, 300)


def test_a_large_photo_is_reduced_while_decoding_but_tells_its_own_size() -> None:
    for image_format in ("JPEG", "PNG"):
        picture = decode(encoded(ring(4000, 3000), image_format), SIZE)
        assert (picture.width, picture.height) == (4000, 3000)
        assert SIZE <= min(picture.rgb.size) < 800


def test_only_the_first_frame_of_an_animation_counts() -> None:
    green = Image.new("RGB", (300, 300), (0, 255, 0))
    data = encoded(Image.new("RGB", (300, 300), RED), "GIF", save_all=True, append_images=[green])
    assert near(decode(data, SIZE).rgb, (9, 9), RED)


@pytest.mark.parametrize(
    "data",
    [b"", b"hello, I am a ring", b"%PDF-1.7 not a picture", b"<svg xmlns='http://www.w3.org/2000/svg'/>", bytes(4096)],
    ids=["no bytes", "text", "pdf", "svg", "zeroes"],
)
def test_what_is_no_picture_is_unsupported_and_the_reason_names_the_formats(data: bytes) -> None:
    with pytest.raises(UnsupportedPicture, match="JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF or HEIC"):
        decode(data, SIZE)


@pytest.mark.parametrize("image_format", FORMATS)
def test_a_truncated_picture_is_unreadable_and_the_reason_says_so(image_format: str) -> None:
    whole = FORMATS[image_format]
    with pytest.raises(UnreadablePicture, match="damaged"):
        decode(whole[: len(whole) // 2], SIZE)


@pytest.mark.parametrize("image_format", FORMATS)
def test_damage_anywhere_is_either_survived_or_refused_as_permanent(image_format: str) -> None:
    whole = FORMATS[image_format]
    random = np.random.default_rng(5)
    for _ in range(60):
        damaged = bytearray(whole)
        for place in random.integers(0, min(len(whole), 2_000), 4):
            damaged[place] = int(random.integers(0, 256))
        with contextlib.suppress(Permanent):
            assert decode(bytes(damaged), SIZE).rgb.mode == "RGB"


@pytest.mark.parametrize(("width", "height"), [(50_001, 1_000), (12_000, 12_000), (60_000, 60_000)])
def test_a_header_that_claims_over_fifty_megapixels_is_refused_before_decoding(width: int, height: int) -> None:
    with pytest.raises(TooLarge, match="50 megapixels"):
        decode(png_claiming(width, height), SIZE)


def test_over_twenty_megabytes_are_refused() -> None:
    with pytest.raises(TooLarge, match="20 MB"):
        decode(bytes(MAX_PICTURE_BYTES + 1), SIZE)


@pytest.mark.parametrize("size", [(1, 1), (1, 3_000), (3_000, 1), (2, 2)])
def test_the_smallest_and_thinnest_pictures_are_decoded(size: tuple[int, int]) -> None:
    picture = decode(encoded(Image.new("RGB", size, RED)), SIZE)
    assert (picture.width, picture.height) == size
