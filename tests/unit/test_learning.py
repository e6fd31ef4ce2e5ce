"""What `loupe train` learns from a catalogue, and how it is measured."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from loupe.learning.comparing import Answers, compare, overall
from loupe.learning.heads import learn as learn_head
from loupe.learning.heads import lesson, words_of
from loupe.learning.learning import Outcome, learn
from loupe.learning.lessons import lessons
from loupe.learning.packing import ModelFolder, find, thresholds
from services.embedder.adaptation import Adaptation
from services.embedder.heads import Head
from services.embedder.manifest import HeadClasses, file_sha256, read_manifest
from shared.contracts.fields import pack_vector
from shared.contracts.training import TrainingPicture
from shared.errors import Permanent
from tests.support.small_model import DIMENSION, VERSION, small_model
from tests.support.teaching import TYPES, picture, pictures


@pytest.fixture
def base(tmp_path: Path) -> ModelFolder:
    folder = small_model(tmp_path / "base")
    return ModelFolder(folder, read_manifest(folder))


def taught(found: list[TrainingPicture], base: ModelFolder, used: ModelFolder | None = None) -> Outcome:
    return learn(lessons(found), "shop", used or base, base.path.parent / "made")


def made_of(outcome: Outcome) -> ModelFolder:
    assert outcome.made
    return outcome.made


def test_second_photos_teach_to_find_others_of_pieces_never_learned_from(base: ModelFolder) -> None:
    outcome = taught(pictures(300), base)
    found = outcome.comparisons[0]
    assert outcome.verdict == found.verdict == "better"
    assert found.old < 0.6
    assert found.new > 0.9
    assert found.pieces > 30


def test_photos_that_are_found_already_teach_nothing(base: ModelFolder) -> None:
    outcome = taught(pictures(300, disturbed=0.0), base)
    assert outcome.made is None
    assert "nothing to learn" in " ".join(outcome.words)


def test_types_that_the_shop_says_are_told_of_pieces_never_learned_from(base: ModelFolder) -> None:
    found = pictures(300, photos=1)
    kinds = [TYPES[int(one.piece.embedding()[0] > 0)] for one in found]
    outcome = taught(pictures(300, photos=1, types=kinds), base)
    (told,) = outcome.comparisons
    assert outcome.verdict == "better"
    assert told.new > told.old + 0.3
    assert "two or more pictures" in " ".join(outcome.words)


def test_a_word_that_the_base_model_does_not_know_is_learned(base: ModelFolder) -> None:
    found = pictures(300, photos=1)
    kinds = ["Creole" if one.piece.embedding()[0] > 0 else "ring" for one in found]
    outcome = taught(pictures(300, photos=1, types=kinds), base)
    assert made_of(outcome).manifest.heads["type"].classes == ["ring", "watch", "creole"]
    assert outcome.comparisons[0].new > 0.5


def test_random_types_do_not_make_a_better_model(base: ModelFolder) -> None:
    kinds = [random.Random(number).choice(TYPES) for number in range(300)]
    assert taught(pictures(300, photos=1, types=kinds), base).verdict != "better"


def test_a_small_catalogue_is_told_what_it_lacks(base: ModelFolder) -> None:
    outcome = taught(pictures(20, types=["ring"] * 20), base)
    assert outcome.made is None
    assert "50 are needed" in outcome.words[0]
    assert "items' type, metal, stone, cut, setting to learn from" in outcome.words[1]


def test_the_same_catalogue_gives_the_same_model_whatever_the_order_and_the_ids(base: ModelFolder) -> None:
    found = pictures(300)
    first = made_of(taught(found, base))
    hashes = {path.name: file_sha256(path) for path in first.path.iterdir()}
    first.path.rename(first.path.with_name("first"))
    random.Random(1).shuffle(found)
    again = made_of(taught([one.model_copy(update={"image_id": "0" * 36}) for one in found], base))
    assert again.manifest.version == first.manifest.version
    assert {path.name: file_sha256(path) for path in again.path.iterdir()} == hashes


def seen_by(made: ModelFolder, found: list[TrainingPicture]) -> list[TrainingPicture]:
    """The same pictures as analysed by a shop's own model."""
    laid = Adaptation.of(made.path, made.manifest)
    assert laid
    mapped = laid(np.stack([one.piece.embedding() for one in found]))
    return [
        one.model_copy(update={"piece": one.piece.model_copy(update={"vector": pack_vector(vector)})})
        for one, vector in zip(found, mapped, strict=True)
    ]


def test_a_catalogue_that_the_model_in_use_learned_from_is_not_learned_again(base: ModelFolder) -> None:
    found = pictures(300)
    first = made_of(taught(found, base))
    outcome = taught(seen_by(first, found), base, used=first)
    assert outcome.made == first
    assert "Nothing was added" in outcome.words[0]


def test_a_catalogue_that_grew_is_learned_from_the_base_model_whichever_is_in_use(base: ModelFolder) -> None:
    first = made_of(taught(pictures(300), base))
    grown = pictures(320)
    from_base = taught(grown, base)
    from_first = taught(seen_by(first, grown), base, used=first)
    assert from_first.comparisons[0].old > 0.9 > from_base.comparisons[0].old
    assert from_first.comparisons[0].new == pytest.approx(from_base.comparisons[0].new, abs=0.02)
    maps = [Adaptation.of(made_of(each).path, made_of(each).manifest) for each in (from_base, from_first)]
    assert maps[0]
    assert maps[1]
    assert np.abs(maps[0].weight - maps[1].weight).max() < 0.01


def test_a_correction_counts_more_than_the_shops_labels() -> None:
    vectors = np.eye(4, dtype=np.float32)[np.arange(80) % 2]
    said = ["ring" if number % 2 or number < 60 else "watch" for number in range(80)]
    numbers = np.arange(80)
    without, with_them = (
        lesson(vectors, 4, said, corrected, numbers, numbers % 3, None) for corrected in (numbers < 0, numbers >= 60)
    )
    assert without
    assert with_them
    piece = vectors[:1]
    head, corrected = learn_head(without, None), learn_head(with_them, None)
    assert head
    assert corrected
    assert words_of(head, piece) == ["ring"], "30 of the shop's labels against 10"
    assert words_of(corrected, piece) == ["watch"], "30 of the shop's labels against 10 corrections"


def test_what_the_base_head_sees_besides_the_vector_counts_as_before() -> None:
    seen = np.hstack([np.eye(4, dtype=np.float32)[np.arange(80) % 2], np.ones((80, 3), np.float32)])
    about = HeadClasses(classes=["ring", "watch"], temperature=1.0, min_confidence=0.5)
    base = Head(np.array([[0] * 4 + [-1] * 3, [0] * 4 + [1] * 3], np.float32), np.zeros(2, np.float32), about)
    said = ["ring" if number % 2 else "watch" for number in range(80)]
    assert words_of(base, seen[:2]) == ["watch", "watch"]
    taught = lesson(seen, 4, said, np.zeros(80, dtype=bool), np.arange(80), np.arange(80) % 3, base)
    assert taught
    learned = learn_head(taught, base)
    assert learned
    assert words_of(learned, seen[:2]) == ["watch", "ring"]
    assert (learned.weight[:, 4:] == base.weight[:, 4:]).all()


def test_a_correction_is_the_pictures_word_whatever_the_shop_says() -> None:
    one = picture(1, 0, np.ones(4, np.float32), said="ring").model_copy(update={"corrected": {"type": "watch"}})
    found = lessons([one])
    assert (found.said["type"], found.corrected["type"].tolist()) == (["watch"], [True])


def test_items_that_share_a_picture_are_one_piece_on_one_side_of_the_split() -> None:
    vector = np.ones(DIMENSION, np.float32)
    shared = [picture(number, 0, vector).model_copy(update={"sha256": "a" * 64}) for number in range(40)]
    found = lessons([*shared, *pictures(40, photos=1)])
    assert len(set(found.piece.tolist())) == 1
    assert len(set(found.fold.tolist())) == 1, "apart they would be on both sides"


def test_a_piece_stays_on_its_side_when_the_catalogue_grows() -> None:
    few, many = lessons(pictures(50)), lessons(pictures(200))
    assert few.fold.tolist() == many.fold.tolist()[:100]
    assert 0.1 < many.held_out.mean() < 0.3


@pytest.mark.parametrize("word", ["14k gold", "750 gold", "two carat", "Genuine ruby", "", "x" * 65])
def test_words_of_what_no_photo_shows_are_not_learned(word: str) -> None:
    assert lessons([picture(1, 0, np.ones(4, np.float32), said=word)]).said["type"] == [None]


def test_undoing_a_map_gives_the_vectors_of_which_it_was_made() -> None:
    dice = np.random.default_rng(3)
    vectors = dice.normal(size=(50, 12)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    weight = (np.eye(12) + 0.2 * dice.normal(size=(12, 12))).astype(np.float32)
    bias = (-weight @ np.full(12, 0.2)).astype(np.float32)
    laid = Adaptation(weight, bias)
    assert np.abs(laid.undo(laid(vectors)) - vectors).max() < 1e-4


def test_what_a_cosine_means_is_carried_over(base: ModelFolder) -> None:
    strangers = np.linspace(-0.5, 0.9, 200).astype(np.float32)
    told = thresholds(base.manifest, strangers, strangers * np.float32(0.5))
    assert told["no_match_below"] == pytest.approx(0.25, abs=0.01)
    assert told["look_at_least"] == pytest.approx(0.25, abs=0.01)


def test_what_got_worse_anywhere_is_worse() -> None:
    pieces, right, wrong = np.arange(100), np.ones(100, dtype=bool), np.zeros(100, dtype=bool)
    better, worse = Answers("a", wrong, right, pieces), Answers("b", right, wrong, pieces)
    assert [one.verdict for one in compare([better, worse])] == ["better", "worse"]
    assert overall(compare([better, worse])) == "worse"
    assert overall(compare([better, Answers("b", right, right, pieces)])) == "better"
    assert overall(compare([Answers("a", right, right, pieces)])) == "not decided"


def test_few_pieces_decide_nothing_however_many_pictures_they_have() -> None:
    few = Answers("a", np.zeros(100, dtype=bool), np.ones(100, dtype=bool), np.arange(100) % 19)
    assert overall(compare([few])) == "not decided"


def test_a_model_that_has_no_folder_here_is_named_with_what_to_do(tmp_path: Path) -> None:
    small_model(tmp_path / "one")
    assert find(VERSION, [tmp_path]).manifest.dimension == DIMENSION
    with pytest.raises(Permanent, match=r"cbir-1 is not in .*EMBEDDER_MODEL_DIRS"):
        find("cbir-1", [tmp_path])
