"""Two photos compared, by the model that ships, on rendered rings."""

from __future__ import annotations

import base64
import dataclasses
import io
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps

from services.embedder.compare.engine import Comparer
from services.embedder.compare.kept import Kept
from services.embedder.compare.points import PointFinder
from services.embedder.compare.texts import text_found
from services.embedder.decoding import decode_here
from services.embedder.main import load_models
from services.embedder.settings import Settings
from shared.contracts.comparing import COPY_FEATURES, FEATURES, Comparison, ComparisonAsked, PictureAsked
from shared.errors import InvalidInput, UnsupportedPicture
from tests.support.compared import RING, opened, photo_of, saved


@pytest.fixture(scope="module")
def comparer() -> Iterator[Comparer]:
    settings = Settings(broker_url="redis://unused", object_store_url="file:///unused", internal_secret="s" * 40)
    model = load_models(settings, decode_here)[0]
    made = Comparer(model, PointFinder(), threads=1)
    yield made
    made.close()
    model.close()


def compared(comparer: Comparer, query: bytes, reference: bytes, **asked: object) -> Comparison:
    found = comparer.compare(ComparisonAsked(references=[PictureAsked()], **asked), query, [reference])
    return found.comparisons[0]


def test_every_feature_is_told_and_finite(comparer: Comparer) -> None:
    found = compared(comparer, photo_of(RING, second=True), photo_of(RING))
    assert tuple(found.features) == FEATURES
    assert np.isfinite(list(found.features.values())).all()


def test_another_photo_of_a_ring_is_aligned_and_is_not_the_same_picture(comparer: Comparer) -> None:
    found = compared(comparer, photo_of(RING, second=True), photo_of(RING))
    assert found.features["aligned"] == 1
    assert found.features["outline"] > 0.6
    assert found.same_picture.probability < 0.5
    assert not found.codes


def test_a_ring_of_another_head_is_less_alike_than_the_ring_itself(comparer: Comparer) -> None:
    other = dataclasses.replace(RING, head="three-stone", cut="round", ratio=1.0)
    own = compared(comparer, photo_of(RING, second=True), photo_of(RING)).features
    twin = compared(comparer, photo_of(RING, second=True), photo_of(other)).features
    for name in ("deep", "structure", "dense"):
        assert own[name] > twin[name], name


def test_what_differs_is_framed_in_both_pictures(comparer: Comparer) -> None:
    other = dataclasses.replace(RING, stone="ruby")
    found = compared(comparer, photo_of(other), photo_of(RING))
    differing = [region for region in found.regions if region.kind == "differs"]
    assert differing
    assert any(region.what == "colour" for region in differing)
    for region in found.regions:
        assert region.query.overlap(region.reference) > 0.3  # the two photos are from one place


def test_evidence_is_a_picture_of_both_pieces_side_by_side(comparer: Comparer) -> None:
    found = compared(comparer, photo_of(RING, second=True), photo_of(RING), evidence=True)
    assert found.evidence is not None
    picture = Image.open(io.BytesIO(base64.b64decode(found.evidence.picture)))
    assert picture.size == (found.evidence.width, found.evidence.height)
    assert compared(comparer, photo_of(RING), photo_of(RING)).evidence is None


def test_a_blurred_photo_is_told_to_be_blurred_and_a_sharp_one_is_not(comparer: Comparer) -> None:
    sharp, soft = photo_of(RING), saved(opened(photo_of(RING)).filter(ImageFilter.GaussianBlur(4)))
    found = comparer.compare(ComparisonAsked(references=[PictureAsked()]), soft, [sharp])
    assert "blurred" in found.query.codes
    assert "blurred" not in found.comparisons[0].reference.codes


def test_a_tiny_piece_and_one_that_is_cut_off_are_told(comparer: Comparer) -> None:
    far = Image.new("RGB", (256, 256), "white")
    far.paste(opened(photo_of(RING)).resize((70, 70)), (90, 90))
    assert (
        "too-small"
        in comparer.compare(ComparisonAsked(references=[PictureAsked()]), saved(far), [photo_of(RING)]).query.codes
    )
    cut = opened(photo_of(RING)).crop((0, 0, 130, 256))
    assert (
        "cut-off"
        in comparer.compare(ComparisonAsked(references=[PictureAsked()]), saved(cut), [photo_of(RING)]).query.codes
    )


def test_as_many_pictures_as_are_told_of_must_come(comparer: Comparer) -> None:
    with pytest.raises(InvalidInput, match="2 references are told of"):
        comparer.compare(ComparisonAsked(references=[PictureAsked()] * 2), photo_of(RING), [photo_of(RING)])


def test_bytes_that_are_no_picture_are_refused(comparer: Comparer) -> None:
    with pytest.raises(UnsupportedPicture):
        compared(comparer, b"no picture", photo_of(RING))


def edits() -> dict[str, Image.Image]:
    picture = opened(photo_of(RING))
    side = picture.width
    framed = ImageOps.expand(picture, 40, "navy")
    written = picture.copy()
    ImageDraw.Draw(written).text((20, side // 2), "SHOP 4711", fill="red", font=ImageFont.load_default(28))
    collage = Image.new("RGB", (2 * side, side), "linen")
    collage.paste(opened(photo_of(dataclasses.replace(RING, head="cluster", cut="round", ratio=1.0))), (side, 0))
    collage.paste(picture, (0, 0))
    warm = Image.merge(
        "RGB",
        [
            band.point(lambda level, by=by: min(255, int(level * by)))
            for band, by in zip(picture.split(), (1.0, 0.8, 0.6), strict=True)
        ],
    )
    corners = (10, 6, 0, side - 4, side - 8, side, side, 0)
    return {
        "sent again": picture,
        "cut": picture.crop((20, 10, side - 30, side - 30)),
        "mirrored": ImageOps.mirror(picture),
        "recoloured": warm,
        "framed": framed,
        "written upon": written,
        "in a collage": collage,
        "photographed from a screen": picture.transform(
            picture.size, Image.Transform.QUAD, corners, Image.Resampling.BICUBIC
        ),
        "half as large": picture.resize((side // 2, side // 2)),
    }


@pytest.mark.parametrize("edit", list(edits()))
def test_an_edited_copy_is_found(comparer: Comparer, edit: str) -> None:
    found = comparer.copies(saved(edits()[edit], 30 if edit == "sent again" else 80), [photo_of(RING)]).checks[0]
    assert found.degree != "none"
    assert tuple(found.features) == COPY_FEATURES


@pytest.mark.parametrize(
    ("edit", "code"),
    [("cut", "cropped"), ("mirrored", "mirrored"), ("recoloured", "recoloured"), ("framed", "bordered")],
)
def test_how_a_copy_was_edited_is_told(comparer: Comparer, edit: str, code: str) -> None:
    assert code in comparer.copies(saved(edits()[edit]), [photo_of(RING)]).checks[0].edits


def test_another_photo_and_a_near_twin_are_no_copies(comparer: Comparer) -> None:
    twin = dataclasses.replace(RING, stone="ruby", width=3.2)
    others = [photo_of(RING, second=True), photo_of(twin, second=True)]
    assert [one.degree for one in comparer.copies(photo_of(RING), others).checks] == ["none", "none"]


def test_a_verification_tells_that_the_reference_itself_was_sent(comparer: Comparer) -> None:
    sent = saved(ImageOps.mirror(opened(photo_of(RING))), 60)
    found = compared(comparer, sent, photo_of(RING))
    assert found.same_picture.probability > 0.9
    assert "mirrored" in found.same_picture.edits


def stamp(text: str) -> bytes:
    picture = Image.new("RGB", (480, 200), (190, 170, 120))
    ImageDraw.Draw(picture).text((60, 60), text, font=ImageFont.load_default(64), fill=(105, 85, 52))
    return saved(picture)


def test_the_text_of_a_close_up_is_read_and_held_against_what_is_registered(comparer: Comparer) -> None:
    asked = ComparisonAsked(references=[PictureAsked(view="hallmark")], expected=["SN 108852"])
    same = comparer.compare(asked, stamp("SN 108B52"), [stamp("SN 108852")]).comparisons[0]
    assert same.texts[0].agreement == 1
    assert same.features["text_read"] == 1
    other = comparer.compare(asked, stamp("SN 108752"), [stamp("SN 108852")]).comparisons[0]
    assert other.texts[0].differs == [6]
    assert other.texts[0].agreement < 1


@pytest.mark.parametrize(
    ("expected", "lines", "agreement", "differs"),
    [
        ("750", ["75O"], 1.0, []),
        ("A1-200", ["AI 2OO"], 1.0, []),
        ("750", ["585"], 0.0, None),
        ("SN 4711", ["SN 4712"], 5 / 6, [6]),
        ("SN 4711", ["SN", "4711"], 1.0, []),
        ("750", [], 0.0, []),
        ("ABC123", ["xx ABC123 yy"], 1.0, []),
    ],
)
def test_texts_agree_but_for_characters_that_are_taken_for_each_other(
    expected: str, lines: list[str], agreement: float, differs: list[int] | None
) -> None:
    found = text_found(expected, lines)
    if differs is None:
        assert found.agreement < 0.5
        return
    assert found.agreement == pytest.approx(agreement, abs=1e-3)
    assert found.differs == differs


def test_what_was_used_last_is_kept() -> None:
    kept: Kept[int] = Kept(2)
    made: list[int] = []

    def make(number: int) -> int:
        made.append(number)
        return number

    for number in (1, 2, 1, 3, 1, 2):
        kept.of(number, lambda number=number: make(number))  # type: ignore[misc]
    assert made == [1, 2, 3, 2]
