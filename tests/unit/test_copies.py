"""The parts that find copies, each by itself: bits, the gallery, degrees and the threshold."""

from __future__ import annotations

import io
from typing import get_args

import numpy as np
import pytest
from PIL import Image, ImageOps

from services.authenticity.copies.degrees import Alike, finding, words
from services.authenticity.copies.gallery import Entry, Gallery
from services.authenticity.copies.signatures import BITS, chance, differing, hash_word, mirrored, signatures
from services.authenticity.copies.thresholds import shift_of, threshold
from services.embedder.fingerprint import fingerprints
from shared.contracts.comparing import COPY_FEATURES, CopyCheck
from shared.contracts.lookalikes import Degree
from tests.support.copying import look
from tests.support.drawn_pieces import drawn_pieces, jpeg

PIECES = drawn_pieces(8)
NEVER = ("genuine", "authentic", "real", "fake", "counterfeit", "certified", "真品", "正品", "假货", "鉴定", "认证")


def png(picture: Image.Image) -> bytes:
    written = io.BytesIO()
    picture.save(written, "PNG")
    return written.getvalue()


def entry(number: int, tenant: str, seed: int, word: int = 0) -> Entry:
    bits = signatures(look(seed)[None])[0]
    return Entry(number, tenant, "model-1", bits, np.uint64(word), np.uint64(word))


def test_the_more_two_vectors_differ_the_more_bits_do() -> None:
    one = look(1)
    for cosine in (0.99, 0.9, 0.7):
        apart = [
            differing(signatures(look(seed, one, cosine)[None]), signatures(one[None])[0])[0] for seed in range(2, 40)
        ]
        assert np.mean(apart) / BITS == pytest.approx(chance(cosine), abs=0.02)


def test_saving_again_smaller_hardly_changes_a_hash_and_another_picture_has_another() -> None:
    for piece in PIECES:
        whole = hash_word(fingerprints(png(piece), []).whole)
        smaller = piece.resize((piece.width // 2, piece.height // 2))
        assert int(np.bitwise_count(whole ^ hash_word(fingerprints(jpeg(smaller, 30), []).whole))) <= 6
    hashes = [hash_word(fingerprints(png(piece), []).whole) for piece in PIECES]
    apart = [int(np.bitwise_count(a ^ b)) for a in hashes for b in hashes if a is not b]
    assert min(apart) > 12


def test_the_hash_of_the_mirror_image_follows_from_that_of_the_picture() -> None:
    for piece in PIECES:
        whole = hash_word(fingerprints(png(piece), []).whole)
        turned = hash_word(fingerprints(png(ImageOps.mirror(piece)), []).whole)
        assert int(np.bitwise_count(mirrored(whole) ^ turned)) <= 4


def test_the_gallery_proposes_what_is_nearest_of_other_shops_alone() -> None:
    gallery = Gallery()
    gallery.add([entry(1, "mine", 1, 0xFFFF), entry(2, "other", 1, 0x0F), entry(3, "other", 2, 0xFF00)])
    gallery.add([entry(number, "third", number, number << 20) for number in range(4, 300)])
    near = gallery.nearest(entry(0, "mine", 1, 0xFF00), 4)
    assert {2, 3} <= set(near.tolist()), "one by its look, one by its picture"
    assert 1 not in near
    assert len(near) <= 4


def test_the_gallery_holds_no_more_than_it_may_and_lets_the_oldest_go() -> None:
    gallery = Gallery(most=100)
    for number in range(1, 301):
        gallery.add([entry(number, "other", number)])
    assert (len(gallery), gallery.last) == (100, 300)
    assert min(gallery.nearest(entry(0, "mine", 250), 400).tolist()) == 201
    gallery.forget()
    assert (len(gallery), gallery.last) == (0, 0)
    assert gallery.nearest(entry(0, "mine", 1), 5).tolist() == []


def test_that_two_pictures_are_one_outweighs_how_the_pieces_look() -> None:
    features = dict.fromkeys(COPY_FEATURES, 0.0)
    copied = CopyCheck(degree="edited_picture", probability=0.8, edits=["mirrored"], features=features)
    other = CopyCheck(degree="none", probability=0.1, features=features)
    assert finding(Alike(0.99, 30), copied).evidence == "picture"
    assert [finding(Alike(cosine, 30), other).degree for cosine in (0.98, 0.93, 0.8)] == [
        "same_piece",
        "same_design",
        "similar",
    ]
    assert finding(Alike(0.90, 30), other).score == pytest.approx(0.5)


def test_no_words_of_a_degree_could_be_taken_for_a_certificate() -> None:
    for degree in get_args(Degree):
        told = words(degree)
        assert not [word for word in NEVER if word in f"{told.en} {told.zh}".lower()]


def test_the_threshold_moves_with_decisions_and_never_beyond_its_bounds() -> None:
    at_first = threshold("design", [])
    assert (at_first.threshold, at_first.right, at_first.wrong) == (0.5, 0, 0)
    few = threshold("design", [(0.6, False)] * 2)
    many = threshold("design", [(0.99, False)] * 1_000)
    assert at_first.threshold < few.threshold < many.threshold == many.highest < 0.9
    assert threshold("design", [(0.51, True)] * 1_000).threshold == at_first.lowest > 0.1
    assert shift_of([(0.5, True), (0.5, False)]) == pytest.approx(0, abs=1e-6)
