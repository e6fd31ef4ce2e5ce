"""Pictures that break naive code: each is analysed right, or refused with words that say what to do."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageDraw

from services.embedder.avif import most_pixels
from services.embedder.colours import to_srgb
from services.embedder.decode import decode
from services.embedder.prepare import letterbox, normalise, scale
from services.embedder.quality import warnings_of
from shared.errors import Permanent, TooLarge, UnreadablePicture, UnsupportedPicture
from shared.pictures.profiles import MAX_PROFILE_BYTES
from tests.support.colour_profiles import screen_profile
from tests.support.rings import RED, encoded, heic, near, ring

SIZE = 260
BLUE = (0, 0, 255)
ORIENTATIONS = [(1, (0, 0)), (2, (1, 0)), (3, (1, 1)), (4, (0, 1)), (5, (0, 0)), (6, (1, 0)), (7, (1, 1)), (8, (0, 1))]
"""EXIF's number, and the corner in which the picture's left upper corner is to be seen."""


def png(levels: np.ndarray[tuple[int, ...], np.dtype[np.uint16]], *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG of 16 bits a channel, uint16 [H, W, 3]; `chunks` come before its pixels. Pillow cannot write one."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width, _ = levels.shape
    header = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    rows = b"".join(b"\x00" + row.astype(">u2").tobytes() for row in levels)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def tiff(levels: np.ndarray[tuple[int, ...], np.dtype[np.uint16]]) -> bytes:
    """A TIFF of 16 bits a channel in one strip, uint16 [H, W, 3]. TIFF 6.0, section 2."""
    height, width, _ = levels.shape
    data = levels.astype("<u2").tobytes()
    entries = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 3, 8), (259, 3, 1, 1), (262, 3, 1, 2)]
    entries += [(273, 4, 1, 14), (277, 3, 1, 3), (278, 4, 1, height), (279, 4, 1, len(data))]
    table = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return (
        struct.pack("<2sHI3H", b"II", 42, 14 + len(data), 16, 16, 16)
        + data
        + struct.pack("<H", len(entries))
        + table
        + bytes(4)
    )


def red_16_bits() -> np.ndarray[tuple[int, ...], np.dtype[np.uint16]]:
    return np.broadcast_to((np.array(RED) * 257).astype(np.uint16), (300, 300, 3))


def photoshops_cmyk() -> bytes:
    """A red CMYK JPEG as Photoshop writes it: inverted, and as YCCK, told by transform 2 of the Adobe marker."""
    inks = Image.new("RGB", (300, 300), (55, 225, 215)).convert("YCbCr")  # 255 - RED
    stored = [band.point([255 - level for level in range(256)]) for band in inks.split()]
    data = encoded(Image.merge("CMYK", [*stored, Image.new("L", inks.size, 0)]), "JPEG", quality=95)
    marker = data.index(b"Adobe")
    return data[: marker + 11] + b"\x02" + data[marker + 12 :]


@pytest.mark.parametrize(
    "data",
    [
        encoded(Image.new("RGB", (300, 300), RED).convert("CMYK"), "JPEG"),
        encoded(Image.new("RGB", (300, 300), RED).convert("CMYK"), "TIFF"),
        photoshops_cmyk(),
        png(red_16_bits()),
        tiff(red_16_bits()),
        encoded(Image.new("RGB", (300, 300), RED), "JPEG", progressive=True),
        encoded(Image.new("RGB", (300, 300), RED), "JPEG") + b"\x00 what a camera left behind" * 1_000,
        encoded(Image.new("RGB", (300, 300), RED).quantize(4), "PNG"),
    ],
    ids=["cmyk-jpeg", "cmyk-tiff", "ycck", "png-16", "tiff-16", "progressive", "trailing-garbage", "palette"],
)
def test_a_red_piece_is_red_however_it_was_saved(data: bytes) -> None:
    picture = decode(data, SIZE)
    assert (picture.rgb.mode, picture.width, picture.height) == ("RGB", 300, 300)
    assert np.abs(np.asarray(picture.rgb, int).mean(axis=(0, 1)) - RED).max() < 6


@pytest.mark.parametrize("image_format", ["PNG", "TIFF", "HEIF"])
def test_gray_of_more_than_8_bits_keeps_its_range(image_format: str) -> None:
    levels = np.linspace(0, 65_535, 300 * 300).reshape(300, 300).astype(np.uint16)
    data = heic("gray-10-bit") if image_format == "HEIF" else encoded(Image.fromarray(levels), image_format)
    rgb = np.asarray(decode(data, SIZE).rgb)
    assert (rgb[..., 0] == rgb[..., 2]).all()
    assert rgb.min() < 30
    assert rgb.max() == 255


def on_nothing(mode: str) -> Image.Image:
    """A dark square on nothing."""
    picture = Image.new("RGBA", (300, 300), (0, 0, 0, 0))
    ImageDraw.Draw(picture).rectangle((100, 100, 200, 200), fill=(90, 90, 90, 255))
    return picture.convert(mode)


def palette_with_transparent_colour() -> bytes:
    picture = Image.new("P", (300, 300), 0)
    picture.putpalette([0, 0, 0, 90, 90, 90])
    ImageDraw.Draw(picture).rectangle((100, 100, 200, 200), fill=1)
    return encoded(picture, "PNG", transparency=0)


@pytest.mark.parametrize(
    "data",
    [
        encoded(on_nothing("LA"), "PNG"),
        encoded(on_nothing("RGBA"), "PNG"),
        encoded(on_nothing("RGBA"), "TIFF"),
        encoded(on_nothing("RGBA"), "WEBP"),
        encoded(on_nothing("RGBA"), "AVIF"),
        encoded(on_nothing("RGBA").quantize(8, Image.Quantize.FASTOCTREE), "PNG"),
        palette_with_transparent_colour(),
        encoded(on_nothing("RGBA").convert("RGB"), "PNG", transparency=(0, 0, 0)),
    ],
    ids=["LA", "RGBA", "RGBA-TIFF", "RGBA-WEBP", "RGBA-AVIF", "palette-alpha", "palette-tRNS", "RGB-tRNS"],
)
def test_what_is_transparent_is_white(data: bytes) -> None:
    rgb = decode(data, SIZE).rgb
    assert near(rgb, (5, 5), (255, 255, 255))
    assert near(rgb, (150, 150), (90, 90, 90))


def test_a_palette_of_alphas_is_laid_over_white() -> None:
    assert near(to_srgb(on_nothing("RGBA").convert("PA")), (5, 5), (255, 255, 255))
    assert near(decode(heic("transparent"), SIZE).rgb, (5, 5), (255, 255, 255))
    assert near(decode(heic("transparent"), SIZE).rgb, (150, 150), RED)


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize(("orientation", "blue_at"), ORIENTATIONS)
def test_all_eight_orientations_come_upright(image_format: str, orientation: int, blue_at: tuple[int, int]) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = decode(encoded(ring(800, 600), image_format, exif=exif), SIZE)
    assert (picture.width, picture.height) == ((600, 800) if orientation >= 5 else (800, 600))
    assert (picture.rgb.width > picture.rgb.height) == (picture.width > picture.height)
    x, y = (edge * (side - 1) for edge, side in zip(blue_at, picture.rgb.size, strict=True))
    assert near(picture.rgb, (x, y), BLUE)


def test_a_phones_heic_is_upright_and_turned_only_once() -> None:
    picture = decode(heic("turned"), SIZE)
    assert (picture.width, picture.height) == (300, 400)
    assert near(picture.rgb, (298, 2), BLUE)


def test_the_primary_picture_of_a_heic_counts() -> None:
    assert near(decode(heic("second-is-primary"), SIZE).rgb, (9, 9), RED)


def test_heic_under_the_general_brand_is_read_too() -> None:
    for data in (heic("ring").replace(b"ftypheic", b"ftypmif1"), encoded(ring(), "AVIF").replace(b"avif", b"mif1", 1)):
        assert near(decode(data, SIZE).rgb, (2, 2), BLUE)


@pytest.mark.parametrize("image_format", ["GIF", "WEBP", "PNG", "AVIF", "MPO", "TIFF"])
def test_the_first_frame_of_several_counts(image_format: str) -> None:
    """PNG: an animated one; MPO: the two pictures in a phone's JPEG, of which the second may be a map of gains."""
    green = Image.new("RGB", (300, 300), (0, 255, 0))
    data = encoded(Image.new("RGB", (300, 300), RED), image_format, save_all=True, append_images=[green])
    assert near(decode(data, SIZE).rgb, (9, 9), RED)


def test_a_jpeg_with_a_gain_map_is_read_without_it() -> None:
    gains = Image.new("L", (75, 75), 255)
    data = encoded(Image.new("RGB", (300, 300), RED), "MPO", save_all=True, append_images=[gains])
    picture = decode(data, SIZE)
    assert (picture.width, picture.height) == (300, 300)
    assert near(picture.rgb, (9, 9), RED)


@pytest.mark.parametrize("size", [(1, 5_000), (5_000, 1), (1, 65_000), (1, 1)])
@pytest.mark.parametrize("image_format", ["PNG", "JPEG", "TIFF"])
def test_the_thinnest_picture_is_analysed_and_called_too_small(size: tuple[int, int], image_format: str) -> None:
    picture = decode(encoded(Image.new("RGB", size, RED), image_format), SIZE)
    scaled = scale(picture.rgb, SIZE)
    prepared = normalise(letterbox(scaled, SIZE))
    assert (picture.width, picture.height) == size
    assert prepared.shape == (3, SIZE, SIZE)
    assert prepared.min() < 0, "the piece is to be seen"
    assert "too-small" in [warning.code for warning in warnings_of(scaled, picture.width, picture.height)]


@pytest.mark.parametrize("size", [(0, 300), (300, 0), (0, 0)])
@pytest.mark.parametrize("image_format", ["PNG", "BMP", "GIF"])
def test_a_picture_without_pixels_is_refused(size: tuple[int, int], image_format: str) -> None:
    width, height = size
    data = bytearray(encoded(ring(), image_format))
    if image_format == "PNG":
        data = bytearray(png(np.zeros((height, width, 3), np.uint16)))
    elif image_format == "BMP":
        data[18:26] = struct.pack("<ii", width, height)
    else:
        data[6:10] = struct.pack("<HH", width, height)
        place = data.index(b"\x2c" + struct.pack("<HHHH", 0, 0, 400, 300))
        data[place + 5 : place + 9] = struct.pack("<HH", width, height)
    with pytest.raises((UnreadablePicture, UnsupportedPicture)):
        decode(bytes(data), SIZE)


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
def test_a_wide_gamut_becomes_srgb(image_format: str) -> None:
    """sRGB's RED as a screen of Display P3 writes it is (183, 49, 50)."""
    written = Image.new("RGB", (300, 300), (183, 49, 50))
    profile = screen_profile()
    if image_format == "HEIF":
        assert decode(heic("display-p3"), SIZE).rgb.tobytes() != decode(heic("ring"), SIZE).rgb.tobytes()
        return
    rgb = decode(encoded(written, image_format, icc_profile=profile, quality=95), SIZE).rgb
    assert np.abs(np.asarray(rgb, int).mean(axis=(0, 1)) - RED).max() < 4


def test_a_profile_that_says_srgb_changes_nothing() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    plain, told = encoded(ring(), "PNG"), encoded(ring(), "PNG", icc_profile=profile)
    assert decode(plain, SIZE).rgb.tobytes() == decode(told, SIZE).rgb.tobytes()


@pytest.mark.parametrize(
    "profile",
    [b"no profile", screen_profile()[:200], screen_profile().replace(b"RGB ", b"CMYK"), bytes(MAX_PROFILE_BYTES + 1)],
    ids=["garbage", "cut off", "of other channels", "too large"],
)
def test_a_profile_of_no_use_is_ignored(profile: bytes) -> None:
    plain, told = encoded(ring(), "JPEG"), encoded(ring(), "JPEG", icc_profile=profile)
    assert decode(plain, SIZE).rgb.tobytes() == decode(told, SIZE).rgb.tobytes()


@pytest.mark.parametrize("mode", ["F", "LAB"])
def test_levels_whose_meaning_is_not_told_are_refused_with_a_way_out(mode: str) -> None:
    with pytest.raises(UnsupportedPicture, match="Save it as an ordinary JPEG or PNG"):
        decode(encoded(Image.new(mode, (300, 300)), "TIFF"), SIZE)


def claiming(data: bytes, width: int, height: int) -> bytes:
    """The same file with other sides in its header: of HEIC and AVIF, the property of 400 x 300."""
    told = struct.pack(">4sIII", b"ispe", 0, 400, 300)
    assert told in data
    return data.replace(told, struct.pack(">4sIII", b"ispe", 0, width, height))


@pytest.mark.parametrize("image_format", ["HEIF", "AVIF"])
def test_a_bomb_in_a_new_format_is_refused_by_its_header(image_format: str) -> None:
    data = heic("ring") if image_format == "HEIF" else encoded(ring(), "AVIF")
    with pytest.raises(TooLarge, match="50 megapixels"):
        decode(claiming(data, 10_000, 10_000), SIZE)


def test_the_frames_of_an_avif_are_measured_before_they_are_decoded() -> None:
    assert most_pixels(encoded(ring(321, 123), "AVIF")) == 321 * 123
    assert most_pixels(encoded(on_nothing("RGBA"), "AVIF")) == 300 * 300
    two = encoded(ring(), "AVIF", save_all=True, append_images=[ring(mode="L").convert("RGB")])
    assert b"moov" in two
    assert most_pixels(two) == 400 * 300


def test_an_avif_larger_than_it_says_is_not_decoded() -> None:
    size = 7_200
    whole = encoded(Image.new("L", (size, size), 90), "AVIF", speed=10)
    told = struct.pack(">4sIII", b"ispe", 0, size, size)
    assert told in whole
    with pytest.raises(TooLarge, match="50 megapixels"):
        decode(whole.replace(told, struct.pack(">4sIII", b"ispe", 0, 100, 100)), SIZE)


def test_a_heic_larger_than_it_says_is_not_decoded() -> None:
    with pytest.raises(Permanent):
        decode(claiming(heic("ring"), 40, 30), SIZE)


@pytest.mark.parametrize("image_format", ["WEBP", "GIF", "BMP", "TIFF", "JPEG"])
def test_a_bomb_in_an_old_format_is_refused_by_its_header(image_format: str) -> None:
    data = bytearray(encoded(ring(), image_format, **({"lossless": True} if image_format == "WEBP" else {})))
    if image_format == "WEBP":  # VP8L: 14 bits of width - 1, 14 of height - 1
        data[21:25] = struct.pack("<I", 16_000 | 16_000 << 14)
    elif image_format == "GIF":
        data[6:10] = struct.pack("<HH", 60_000, 60_000)
    elif image_format == "BMP":
        data[18:26] = struct.pack("<ii", 60_000, 60_000)
    elif image_format == "TIFF":
        for tag in (256, 257):
            place = data.index(struct.pack("<HHI", tag, 4, 1))
            data[place : place + 12] = struct.pack("<HHII", tag, 4, 1, 60_000)
    else:
        place = data.index(b"\xff\xc0")
        data[place + 5 : place + 9] = struct.pack(">HH", 60_000, 60_000)
    with pytest.raises(TooLarge, match="50 megapixels"):
        decode(bytes(data), SIZE)
