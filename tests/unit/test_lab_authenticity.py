"""Counterfeits differ in one thing, claims tell the truth of them, and a fit is as sure as it is right."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lab.authenticity import copies
from lab.authenticity.counterfeits import KINDS, METAL_COLOURS, Variant, draw_twin
from lab.authenticity.edits import EDITS, edited
from lab.authenticity.families import LEAST, LOOK, changed, family, parts_of
from lab.authenticity.figures import calibration, judged, of_truth, other_designs, share, twins, upper_bound
from lab.authenticity.fit import FALSE_MATCH, fit, left_out
from lab.authenticity.measured import Group, Seen, asked, measured
from lab.authenticity.pairs import OTHER_DESIGN, REAL_SAME, SAME, Claim, claims
from lab.authenticity.render import frames_of, render_family
from lab.authenticity.report import Cost, Fooled, Found, written
from lab.authenticity.views import front_pose
from lab.authenticity.wear import worn
from lab.render.bracelets import Bracelet
from lab.render.design import stones_of
from lab.render.designs import draw
from lab.render.parts import extent
from lab.render.rings import Ring
from lab.render.scene import surfaces
from shared.contracts.comparing import FEATURES


@pytest.mark.parametrize("seed", range(12))
def test_a_counterfeit_differs_from_its_design_in_one_thing(seed: int) -> None:
    random = np.random.default_rng([seed, 77])
    base = draw(random)
    twin = draw_twin(base, random)
    assert twin is not None
    assert twin.kind in KINDS
    of, with_it = dataclasses.asdict(base), dataclasses.asdict(twin.variant.design)
    fields = [name for name in of if of[name] != with_it[name]]
    assert len(fields) == (0 if twin.variant.edit else 2 if twin.kind == "another cut" and "ratio" in fields else 1)


def test_a_stone_is_taken_out_or_swapped_and_the_others_stay() -> None:
    tennis = Bracelet(kind="tennis", stone="diamond", cut="round")
    whole = stones_of(tennis.parts("lying"))[0]
    missing = stones_of(Variant(tennis, "missing", 3).parts("lying"))
    swapped = stones_of(Variant(tennis, "swapped", 3).parts("lying"))
    assert [stone["count"] for stone in missing] == [whole["count"] - 1]
    assert {stone["kind"]: stone["count"] for stone in swapped} == {"diamond": whole["count"] - 1, "sapphire": 1}


def test_no_counterfeit_is_of_another_white_metal() -> None:
    drawn = [draw_twin(Ring(metal="silver"), np.random.default_rng(seed)) for seed in range(40)]
    metals = {twin.variant.design.metal for twin in drawn if twin and twin.kind == "metal of another colour"}
    assert metals
    assert "white" not in {METAL_COLOURS[metal] for metal in metals}


def test_a_family_follows_from_its_number_and_each_difference_is_seen() -> None:
    made = family("test", 9_000)
    family.cache_clear()
    assert family("test", 9_000) == made
    assert len(set(made.kinds[1:])) == 2
    assert all(share >= LEAST for share in made.changed[:2])
    assert made.share(2, 1) == made.changed[2]
    assert made.share(1, 1) == 0.0
    assert family("fit", 9_000).base != made.base


def test_nothing_differs_between_a_piece_and_itself() -> None:
    made = family("test", 9_001)
    look = surfaces(parts_of(made, 0), made.reference_shot(0), LOOK)
    assert (look.material > 0).mean() > 0.01
    assert changed(look, look) == 0.0


def test_a_worn_piece_is_dulled_and_scratched_and_no_larger() -> None:
    ring = Ring(metal="yellow gold").parts("leaning")
    aged = worn(ring, np.random.default_rng(1), 0.8)
    materials = {part.material for part in aged}
    assert {"yellow gold/worn", "yellow gold/scratched", "diamond"} <= materials
    assert "yellow gold" not in materials
    grown = np.ptp(np.stack(extent(aged)), axis=0) - np.ptp(np.stack(extent(ring)), axis=0)
    assert (np.abs(grown) < 0.8).all()


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two families, as small as pictures can be."""
    folder = tmp_path_factory.mktemp("families")
    for name in ("pictures", "masks", "rows"):
        (folder / name).mkdir()
    for number in (0, 1):
        render_family("fit", number, folder, size=24, samples=6)
    return folder


@pytest.mark.long
def test_a_family_that_is_rendered_is_not_rendered_again(rendered: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (rendered / "pictures").iterdir()}
    render_family("fit", 0, rendered, size=24, samples=6)
    assert {path: path.stat().st_mtime_ns for path in (rendered / "pictures").iterdir()} == before
    assert len(before) == 2 * len(frames_of(family("fit", 0)))


@pytest.mark.long
def test_every_photo_is_claimed_to_show_each_of_its_family(rendered: Path) -> None:
    found = claims(rendered)
    assert len({claim.group for claim in found}) == 2
    assert sum(claim.kind == SAME for claim in found) == 6
    assert sum(claim.is_twin for claim in found) == 12
    assert sum(claim.kind == OTHER_DESIGN for claim in found) == 2
    assert {claim.kind for claim in found if claim.truth == "unknowable"} == {"blur", "too small", "glare"}
    assert all(claim.share >= LEAST for claim in found if claim.is_twin and claim.kind in KINDS)
    assert all(Image.open(claim.query).size == (24, 24) for claim in found)
    assert front_pose(family("fit", 0).base) == family("fit", 0).pose


class Counting:
    """Compares by the lengths of the pictures, and counts how often it was asked."""

    method = "counting"

    def __init__(self) -> None:
        self.asked = 0

    def compare(self, query: bytes, references: Sequence[bytes]) -> list[Seen]:
        self.asked += 1
        return [Seen({"deep": float(len(query) - len(each))}, ()) for each in references]


@pytest.mark.long
def test_what_was_compared_is_not_compared_again_even_after_a_kill(rendered: Path, tmp_path: Path) -> None:
    found, engine = claims(rendered), Counting()
    first = measured(found, engine, tmp_path)
    asked = engine.asked
    assert measured(found, engine, tmp_path) == first
    assert engine.asked == asked
    (kept,) = (tmp_path / "features").iterdir()
    kept.write_text(kept.read_text()[:-20])
    for _ in range(2):
        assert measured(found, engine, tmp_path) == first
        assert engine.asked == asked + 1


@pytest.mark.long
def test_groups_that_are_compared_in_any_order_are_told_in_the_order_of_the_claims(
    rendered: Path, tmp_path: Path
) -> None:
    found, engine = claims(rendered), Counting()

    def backwards(groups: Sequence[Group]) -> Iterator[tuple[Group, list[Seen]]]:
        for group in reversed(groups):
            assert len({(claim.query, claim.change) for claim in group}) == 1
            yield group, asked(engine, group)

    spread = measured(found, engine, tmp_path / "spread", backwards)
    assert spread == measured(found, engine, tmp_path / "one-by-one")


def made_up(families: int, seed: int, apart: float = 4.0) -> tuple[list[Claim], list[Seen]]:
    """Claims whose feature `dense` is higher by `apart` deviations of its noise where the piece is the same, and `deep`
    lower by 6 where it is quite another, which cannot be aligned."""
    random = np.random.default_rng(seed)
    found, seen = [], []
    for number in range(families):
        group = f"made-up-{seed}-{number}"
        truths = [("same", SAME)] * 3 + [("other", "engraving")] * 6 + [("unknowable", "blur"), ("other", OTHER_DESIGN)]
        for place, (truth, kind) in enumerate(truths):
            claim = Claim(Path(f"{group}-{place}"), Path(group), truth, kind, group, 0.1)  # type: ignore[arg-type]
            features = dict.fromkeys(FEATURES, 0.0) | {
                "aligned": float(kind != OTHER_DESIGN),
                "dense": apart * (truth == "same") + float(random.normal()),
                "deep": -6.0 * (kind == OTHER_DESIGN) + float(random.normal()),
                "query_sharpness": 0.01 if truth == "unknowable" else float(random.uniform(0.2, 0.9)),
            }
            found.append(claim)
            seen.append(Seen(features, ()))
    return found, seen


def test_a_fit_holds_its_promise_on_families_it_has_not_seen() -> None:
    model = fit(*made_up(120, 1), "made up").model
    assert model.mismatch_to < model.match_from
    assert model.logistic.weights["dense"] > 3 * abs(model.logistic.weights["deep"])
    judgement = judged(*made_up(2_000, 2), model)
    assert twins(judgement).share("match").value <= 4 * FALSE_MATCH
    assert of_truth(judgement, "same").share("mismatch").value <= 0.02
    assert of_truth(judgement, "unknowable").share("cannot_tell").value == 1.0
    assert other_designs(judgement).share("mismatch").value > 0.9, "though they cannot be aligned"
    assert calibration(judgement)[0] < 0.02


def test_what_is_told_of_families_left_out_is_as_often_right_as_of_new_ones() -> None:
    found, seen = made_up(120, 1)
    made = fit(found, seen, "made up")
    left, new = left_out(found, made), judged(*made_up(2_000, 2), made.model)
    told = (("same", "match"), ("same", "mismatch"), ("other", "mismatch"), ("unknowable", "cannot_tell"))
    for truth, outcome in told:
        shares = [of_truth(each, truth).share(outcome) for each in (left, new)]
        assert shares[0].low - 0.02 <= shares[1].value <= shares[0].high + 0.02, (truth, outcome)


def test_what_nothing_tells_apart_is_not_told_apart() -> None:
    model = fit(*made_up(100, 3, apart=0.0), "made up").model
    judgement = judged(*made_up(300, 4, apart=0.0), model)
    assert twins(judgement).share("match").value < 0.01
    assert judgement.answered().value < 0.2


def test_real_photos_of_one_piece_that_differ_more_than_renders_are_not_told_to_mismatch() -> None:
    found, seen = made_up(120, 8)
    of_shops, theirs = made_up(40, 9)
    found += [dataclasses.replace(claim, real=True, kind=REAL_SAME) for claim in of_shops if claim.truth == "same"]
    seen += [
        Seen({**one.features, "dense": one.features["dense"] - 4.0, "warp": 1.0}, ())
        for claim, one in zip(of_shops, theirs, strict=True)
        if claim.truth == "same"
    ]
    told = left_out(found, fit(found, seen, "made up"))
    assert told.where([claim.real for claim in found]).share("mismatch").value <= 0.02


def test_a_limit_lies_between_good_photos_and_those_that_cannot_tell() -> None:
    found, seen = made_up(60, 7)
    (blurred,) = [limit for limit in fit(found, seen, "made up").model.cannot_tell if limit.code == "blurred"]
    assert blurred.below == pytest.approx((0.01 + 0.2) / 2, abs=0.01)
    worse = [Seen({**one.features, "query_sharpness": 0.3}, ()) for one in seen]
    (blurred,) = [limit for limit in fit(found, worse, "made up").model.cannot_tell if limit.code == "blurred"]
    assert blurred.below == pytest.approx(0.3)


def test_a_bound_is_wider_where_claims_come_in_families() -> None:
    none = np.zeros(3_000, bool)
    alone, together = [str(i) for i in range(3_000)], [str(i // 6) for i in range(3_000)]
    assert upper_bound(none, alone) == pytest.approx(0.001, abs=1e-4)
    assert upper_bound(none, together) > 2 * upper_bound(none, alone)
    some = np.repeat(np.arange(500) < 50, 6)
    assert share(some, together).high > 0.12
    assert share(some, alone).high < 0.12


def test_the_average_precision_of_copies_is_as_worked_out_by_hand() -> None:
    made = [
        copies.Copy("crop", 0, [(0, 0.9), (1, 0.2)], 0.01),
        copies.Copy("crop", 1, [(2, 0.8), (1, 0.7)], 0.01),
        copies.Copy("text", 2, [], 0.01),
        copies.Copy("", -1, [(0, 0.1)], 0.01),
    ]
    precision, recall = copies.micro_precision(made)
    assert precision == pytest.approx((1 + 2 / 3) / 3)
    assert recall == pytest.approx(1 / 3)
    assert copies.found_share(made, "crop") == 1.0
    assert copies.told_falsely(made) == 0.0


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_follows_from_its_seed_and_changes_the_picture(name: str) -> None:
    levels = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    picture = Image.fromarray(levels).resize((160, 160), Image.Resampling.BICUBIC)
    others = [Image.new("RGB", (160, 160), (60 * i, 90, 120)) for i in range(1, 4)]
    one, again, other = (edited(name, picture, seed, others) for seed in (1, 1, 2))
    assert one.tobytes() == again.tobytes()
    assert one.tobytes() != picture.tobytes()
    assert min(one.size) >= 80
    assert name == "JPEG 30" or one.tobytes() != other.tobytes()


def test_the_report_says_of_each_target_whether_it_is_reached(tmp_path: Path) -> None:
    model = fit(*made_up(60, 5), "made up").model
    judgement = judged(*made_up(40, 6), model)
    looked = [copies.Copy("crop", 0, [(0, 0.9)], 0.02), copies.Copy("", -1, [(0, 0.1)], 0.02)]
    quick, slow = np.array([0.3, 0.4]), np.array([0.09, 0.11])
    told = Found(
        judgement,
        judgement,
        judged([], [], model),
        looked,
        [Fooled("sent again", np.array([0.99, 0.2]))],
        Cost(quick, quick, slow),
        model,
        "made-up-1",
        60,
    )
    rows = {cells[1]: cells[4] for cells in map(_cells, written(told, tmp_path).splitlines()[2:])}
    assert rows["near-twin families"] == "missed"
    assert rows["one photo against three pictures, p95"] == "reached"
    assert rows["check of a copy, p95"] == "missed"
    assert rows["edited copies, micro-AP"] == "reached"
    text = (tmp_path / "report.md").read_text()
    assert "| sent again | 2 | 50.0% |" in text
    assert "the real pictures were not here" in text


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("|")]
