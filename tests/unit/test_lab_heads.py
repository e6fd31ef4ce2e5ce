"""What heads learn, when they speak, and what a cosine is worth."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lab.datasets import Record
from lab.statistics import calibration_error
from lab.train import sameness
from lab.train.card import card
from lab.train.heads import Part, fit, min_confidence
from lab.train.labels import label
from services.embedder.heads import Head
from services.embedder.manifest import HeadClasses, Manifest
from shared.contracts.analysis import AttributeName
from shared.contracts.models import RIVALS


def record(number: int = 0, **known: Any) -> Record:
    return Record(Path(f"{number}.jpg"), f"sha-{number}", **known)


def render(design: dict[str, Any], *stones: dict[str, Any], **known: Any) -> Record:
    parameters = {"design": json.dumps(design), "stones": json.dumps(stones)}
    return record(licence="own render", type="ring", parameters=parameters, **known)


@pytest.mark.parametrize(
    ("metal", "word"),
    [("platinum", "silver"), ("steel", "silver"), ("brass", "gold"), ("copper", "rose gold"), ("gold+silver", "")],
)
def test_a_metal_is_its_colour_and_two_metals_are_none(metal: str, word: str) -> None:
    assert label(record(type="ring", metal=metal), "metal") == word


@pytest.mark.parametrize(
    ("stone", "word"), [("diamond", "clear"), ("sapphire", "blue"), ("none", "none"), ("pink+clear", "")]
)
def test_a_stone_is_its_colour_and_stones_of_several_are_none(stone: str, word: str) -> None:
    assert label(record(type="ring", stone=stone, collection="samepiece"), "stone") == word


def test_of_a_picture_of_something_else_only_that_is_learned() -> None:
    picture = record(type="not-jewelry", metal="gold", stone="clear", collection="samepiece")
    heads: tuple[AttributeName, ...] = ("type", "metal", "stone", "cut", "setting")
    assert [label(picture, name) for name in heads] == ["not-jewelry", "", "", "", ""]


def test_cut_and_setting_are_those_of_the_design() -> None:
    ruby = {"kind": "ruby", "cut": "oval", "colour": "red", "count": 1}
    halo = render({"head": "double halo"}, ruby)
    assert (label(halo, "cut"), label(halo, "setting")) == ("oval", "halo")
    plain = render({"head": "none"})
    assert (label(plain, "cut"), label(plain, "setting")) == ("other", "other")
    assert label(record(type="ring", metal="gold"), "cut") == "", "no photograph's cut is known"


def judged(right: list[bool], confidences: list[float], licence: str) -> Part:
    """Pictures of class 0 by a head of two classes whose confidence in one of them is told."""
    logits = [np.log(c / (1 - c)) for c in confidences]
    rows = [record(n, licence=licence, collection="typeshops") for n in range(len(right))]
    vectors = np.array([[logit, 0] if ok else [0, logit] for ok, logit in zip(right, logits, strict=True)], np.float32)
    return Part(rows, vectors, np.zeros(len(right), np.intp))


ABOUT = HeadClasses(classes=["a", "b"], temperature=1, min_confidence=0)
HEAD = Head(np.eye(2, dtype=np.float32), np.zeros(2, np.float32), ABOUT)


def test_a_head_speaks_from_where_nine_in_ten_are_right() -> None:
    part = judged([True] * 30 + [True, False] * 15, [0.9] * 30 + [0.62] * 30, "")
    assert min_confidence(HEAD, part) == 0.65


def test_a_head_that_is_never_right_often_enough_is_silent() -> None:
    assert min_confidence(HEAD, judged([True, False] * 30, [0.98] * 60, "")) is None
    assert min_confidence(HEAD, judged([True] * 5, [0.98] * 5, "")) is None, "too few to believe"


def test_a_head_tells_apart_what_lies_apart_and_knows_how_sure_it_may_be() -> None:
    random = np.random.default_rng(0)
    rows, vectors = [], []
    for number in range(900):
        kind = number % 3
        rows.append(
            record(
                number,
                split=("train", "val", "test")[number // 3 % 3],
                type=("ring", "watch", "earring")[kind],
                collection="typeshops",
                shop=f"shop-{number % 7}",
            )
        )
        vectors.append(np.eye(4)[kind] + random.normal(0, 0.45, 4))
    found = fit("type", rows, np.array(vectors, np.float32), 4)
    assert found is not None
    assert found.told
    test = found.labelled.split("test")
    probabilities = found.head.probabilities(test.vectors)
    right = probabilities.argmax(axis=1) == test.labels
    assert right.mean() > 0.8
    assert calibration_error(probabilities.max(axis=1), right) < 0.08


def test_a_head_sees_what_follows_the_vector_where_that_helps() -> None:
    random = np.random.default_rng(0)
    kinds = np.arange(300) % 2
    rows = [
        record(at, split=("train", "val")[at // 2 % 2], type=("ring", "watch")[kind], collection="typeshops", shop="a")
        for at, kind in enumerate(kinds.tolist())
    ]
    noise, besides = random.normal(0, 1, (300, 2)), kinds[:, None] + random.normal(0, 0.2, (300, 1))
    found = fit("type", rows, np.hstack([noise, besides]).astype(np.float32), 2)
    assert found
    assert found.head.weight.shape == (2, 3)
    assert (found.head.probabilities(found.labelled.vectors).argmax(axis=1) == found.labelled.labels).mean() > 0.95
    alone = fit("type", rows, np.hstack([besides, noise]).astype(np.float32)[:, :2], 2)
    assert alone
    assert alone.head.weight.shape == (2, 2)


@pytest.mark.parametrize(("shops", "sees"), [(40, 3), (120, 2)])
def test_what_holds_among_renders_alone_is_not_chosen_once_enough_pictures_of_unseen_shops_say_so(
    shops: int, sees: int
) -> None:
    random = np.random.default_rng(0)
    kinds = np.arange(400 + shops) % 2
    rendered = np.arange(len(kinds)) < 400
    rows = [
        record(
            at,
            split="train" if at < 200 else "val",
            type=("ring", "watch")[kind],
            collection="renders" if rendered[at] else "typeshops",
            licence="own render" if rendered[at] else "",
            shop="" if rendered[at] else "a",
        )
        for at, kind in enumerate(kinds.tolist())
    ]
    holds = kinds[:, None] + random.normal(0, 0.5, (len(kinds), 2))
    of_renders = np.where(rendered, kinds, random.permutation(kinds))[:, None] + random.normal(0, 0.1, (len(kinds), 1))
    found = fit("type", rows, np.hstack([holds, of_renders]).astype(np.float32), 2)
    assert found
    assert found.head.weight.shape == (2, sees)


def test_probabilities_of_the_same_piece_are_right_as_often_as_they_say() -> None:
    random = np.random.default_rng(0)

    def drawn(queries: int) -> sameness.Asked:
        cosine = random.normal(0.4, 0.12, (queries, RIVALS))
        there = np.arange(queries) % 2 == 0
        cosine[there, 0] += 0.25
        order = np.argsort(-cosine, axis=1)
        same = np.zeros(cosine.shape, np.bool_)
        same[there, 0] = True
        return sameness.Asked(np.take_along_axis(cosine, order, 1), np.take_along_axis(same, order, 1), there)

    found = drawn(4_000)
    chances = found.chances(sameness.softmax([drawn(4_000)]))
    assert calibration_error(chances[:, 0], found.same[:, 0]) < 0.03
    assert calibration_error(chances.ravel(), found.same.ravel()) < 0.02


def test_a_photograph_is_asked_with_its_piece_and_without() -> None:
    rows = [record(n, split="val", collection="samepiece", item_id=f"piece-{n // 2}") for n in range(6)]
    vectors = np.repeat(np.eye(4, dtype=np.float32)[:3], 2, axis=0)
    found = sameness.asked(rows, vectors, "val", "shops")
    assert found.there.tolist() == [True, False] * 6
    assert found.same[:, 0].tolist() == [True, False] * 6
    assert found.cosine[found.there, 0].tolist() == [1.0] * 6
    assert found.cosine[~found.there, 0].tolist() == [0.0] * 6


@pytest.mark.parametrize(
    ("embedding", "heads", "words"),
    [
        ("MIT", "own render", "every picture that its weights were trained on is our own render or from RingFIR"),
        ("MIT", "", "its heads learned from photographs too that mostly carry no licence"),
        ("", "", "most photographs that it was trained on carry no licence"),
    ],
)
def test_a_card_says_plainly_what_the_model_learned_from(embedding: str, heads: str, words: str) -> None:
    manifest = Manifest(
        version="m",
        dimension=4,
        input_size=64,
        preprocessing="",
        gem_p=3,
        torch_weights_sha256="",
        training={"pictures": "2"},
        files={},
        no_match_below=0,
    )
    one, other = record(1, licence=embedding, collection="one"), record(2, licence=heads, collection="other")
    told = " ".join(card(manifest, [one], [other]).split())
    assert words in told
    assert f"| other | {heads or 'none stated'} |" in told
