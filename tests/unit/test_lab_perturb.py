"""Perturbations: the same picture changes the same way, and more the stronger they are."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lab.datasets import Box, Record
from lab.evaluate.perturb import BACKGROUND, EFFECTS, Perturbation

RECORD = Record(Path("x.jpg"), "ab" * 32)


@pytest.fixture(scope="module")
def picture() -> Image.Image:
    """A bright square on grey, with some texture."""
    levels = np.random.default_rng(3).integers(90, 110, (240, 320, 3)).astype(np.uint8)
    levels[80:160, 120:200] = (220, 180, 60)
    return Image.fromarray(levels)


def difference(one: Image.Image, two: Image.Image) -> float:
    small = [np.asarray(each.resize((80, 60)), float) for each in (one, two)]
    return float(np.abs(small[0] - small[1]).mean())


@pytest.mark.parametrize("name", EFFECTS)
def test_each_effect_changes_the_picture_more_the_stronger_it_is(name: str, picture: Image.Image) -> None:
    weak, _, strong = EFFECTS[name][1]
    changes = [difference(picture, Perturbation(name, strength)(picture, RECORD)) for strength in (weak, strong)]
    assert 0 < changes[0] < changes[1]


@pytest.mark.parametrize("name", EFFECTS)
def test_the_same_picture_changes_the_same_way_in_any_process(name: str, picture: Image.Image) -> None:
    effect = Perturbation(name, EFFECTS[name][1][1])
    again = pickle.loads(pickle.dumps(effect))
    assert effect(picture, RECORD).tobytes() == again(picture, RECORD).tobytes()


def test_one_stop_of_exposure_doubles_or_halves_linear_light() -> None:
    grey = Image.new("RGB", (8, 8), (100, 100, 100))
    levels = {Perturbation("exposure", 1)(grey, Record(Path("x"), str(n))).getpixel((0, 0)) for n in range(20)}
    brighter, darker = round(100 * 2 ** (1 / 2.2)), round(100 / 2 ** (1 / 2.2))
    assert levels == {(brighter,) * 3, (darker,) * 3}


@pytest.mark.parametrize("strength", BACKGROUND[1])
def test_a_new_background_keeps_the_piece_and_changes_the_rest(
    strength: float, picture: Image.Image, tmp_path: Path
) -> None:
    mask = np.zeros((240, 320), np.uint8)
    mask[80:160, 120:200] = 1
    Image.fromarray(mask).save(tmp_path / "mask.png")
    record = Record(Path("x"), "1", mask=tmp_path / "mask.png", boxes=(Box(0.3, 0.3, 0.7, 0.7),))
    before = np.asarray(picture, int)
    after = np.asarray(Perturbation("background", strength)(picture, record), int)
    inside = np.zeros((240, 320), np.bool_)
    inside[88:152, 128:192] = True
    assert (after[inside] == before[inside]).all()
    assert np.abs(after[:60] - before[:60]).mean() > 5


def test_a_background_without_a_mask_is_refused(picture: Image.Image) -> None:
    with pytest.raises(ValueError, match="has no mask"):
        Perturbation("background", 1)(picture, RECORD)
