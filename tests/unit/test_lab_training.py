"""Training the embedding, on a few drawn pieces at 64 pixels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from lab.datasets import Record
from lab.datasets.rows import picture_sha256
from lab.models.port import Vectors
from lab.train.augment import square
from lab.train.batches import Batch, Batches
from lab.train.fit import Recipe, Tail, fit
from lab.train.fusion import Fusion, Question, choose, pca
from lab.train.maps import MapCache, Maps
from lab.train.package import package
from lab.train.sources import Picture, manifest_sha256, of_split, pictures
from services.embedder.loupe_network import Colours, LoupeNetwork
from services.embedder.manifest import TRAINED, read_manifest
from services.embedder.onnx_encoder import OnnxEncoder
from services.embedder.prepare import normalise
from services.embedder.torch_encoder import TorchEncoder, load_network
from shared.errors import Permanent

SIZE = 64
METALS = ((201, 162, 39), (190, 190, 196), (183, 110, 121))


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """As training does it: threads that wait for each other are slow where tests share the cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> list[Record]:
    """Twelve rings, two photographs each: own renders of one shop, in four families of three metals."""
    folder = tmp_path_factory.mktemp("drawn")
    records = []
    for number in range(12):
        for photo in range(2):
            path = folder / f"{number}-{photo}.png"
            draw_ring(path, METALS[number % 3], 8 + 4 * (number // 3), (250, 250, 250) if photo else (60, 80, 110))
            sha256, _ = picture_sha256(path)
            item, family = f"ring-{number}", f"family-{number // 3}"
            records.append(
                Record(path, sha256, "drawn", "train", "ring", item_id=item, licence="own render", family=family)
            )
    return records


def draw_ring(path: Path, metal: tuple[int, int, int], stone: int, ground: tuple[int, int, int]) -> None:
    picture = Image.new("RGB", (120, 120), ground)
    draw = ImageDraw.Draw(picture)
    draw.ellipse((25, 30, 95, 100), outline=metal, width=8)
    draw.rectangle((60 - stone // 2, 30 - stone // 2, 60 + stone // 2, 30 + stone // 2), fill=(200, 20, 60))
    picture.save(path)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> MapCache:
    return MapCache(SIZE, tmp_path_factory.mktemp("maps"))


def test_only_the_train_split_of_the_wanted_sources_is_trained_on(drawn: list[Record]) -> None:
    unclean = replace(drawn[1], licence="none stated", collection="shop")
    records = [drawn[0], unclean, replace(drawn[2], split="val"), replace(drawn[4], split="test")]
    assert of_split(records, "train", "clean") == [drawn[0]]
    assert of_split(records, "train", "all") == [drawn[0], unclean]
    assert of_split(records, "train", "all", without=["shop"]) == [drawn[0]]


def test_the_hash_of_what_was_trained_on_changes_with_any_label_and_with_no_order(drawn: list[Record]) -> None:
    assert manifest_sha256(drawn) == manifest_sha256(drawn[::-1])
    assert manifest_sha256(drawn) != manifest_sha256([replace(drawn[0], item_id="another"), *drawn[1:]])


def test_a_view_is_the_same_each_time_and_unlike_the_others(drawn: list[Record]) -> None:
    views = [np.asarray(square(drawn[0], view, SIZE), np.float32) for view in (0, 1, 2)]
    assert (views[1] == np.asarray(square(drawn[0], 1, SIZE))).all()
    assert min(np.abs(views[a] - views[b]).mean() for a, b in ((0, 1), (0, 2), (1, 2))) > 3


def test_maps_are_made_once_and_found_again(drawn: list[Record], tmp_path: Path) -> None:
    shown = pictures(drawn)
    half, _ = MapCache(SIZE, tmp_path).of(shown[:6])
    before = np.array(half)
    # A run that was cut off while writing leaves half a block behind.
    (file,) = tmp_path.glob("*/maps.f16")
    with file.open("ab") as rest:
        rest.write(b"rest")
    maps, rows = MapCache(SIZE, tmp_path).of(shown)
    assert (maps[: len(before)] == before).all()
    assert sorted(row for of_picture in rows for row in of_picture) == list(range(sum(p.views for p in shown)))
    assert np.abs(maps[rows[8][1]] - MapCache(SIZE, tmp_path / "new").of([shown[8]])[0][1]).max() == 0


def test_near_twins_and_both_photographs_of_a_piece_are_in_one_batch(drawn: list[Record]) -> None:
    shown = pictures(drawn)
    batch = Batches(shown, [[3 * place] for place in range(len(shown))], 24, seed=1)(0)
    family = {picture.piece: picture.family for picture in shown}
    pieces = set(batch.piece.tolist())
    whole = [f for f in range(4) if {p for p, its in family.items() if its == f} <= pieces]
    assert whole
    assert all((batch.piece == piece).sum() == 2 for piece in pieces)
    assert len(set(batch.rows.tolist())) == len(batch.rows)


def test_training_tells_pieces_apart_better(drawn: list[Record], cache: MapCache, tmp_path: Path) -> None:
    shown = pictures(drawn)
    maps, rows = cache.of(shown)
    recipe = Recipe(steps=30, batch=24, rate=1e-3, averaged=0.5)  # after 12 it depends on the processor
    frozen = Tail()
    trained = Tail()
    weights = fit(maps, Batches(shown, rows, recipe.batch, 1), recipe, tmp_path / "run.pt")
    names = trained.trunk_weights().keys()
    assert weights.keys() == names
    trained.load_state_dict(dict(zip(trained.state_dict(), (weights[name] for name in names), strict=True)))
    assert gap(trained, maps, rows, shown) > gap(frozen, maps, rows, shown) + 0.02
    assert all((weights[name] == value).all() for name, value in frozen.trunk_weights().items() if "_bn" in name)


def gap(tail: Tail, maps: Maps, rows: list[list[int]], shown: list[Picture]) -> float:
    """Mean cosine of views of one piece less that of views of others."""
    with torch.inference_mode():
        vectors = tail(torch.from_numpy(np.array(maps[[row for views in rows for row in views]], np.float32))).numpy()
    piece = np.array([picture.piece for picture, views in zip(shown, rows, strict=True) for _ in views])
    cosines, same = vectors @ vectors.T, piece[:, None] == piece[None]
    return float(cosines[same].mean() - cosines[~same].mean())


def test_a_run_that_is_cut_off_ends_as_one_that_is_not(drawn: list[Record], cache: MapCache, tmp_path: Path) -> None:
    shown = pictures(drawn)
    maps, rows = cache.of(shown)
    batches = Batches(shown, rows, 8, 1)
    recipe = Recipe(steps=5, batch=8)
    whole = fit(maps, batches, recipe, tmp_path / "whole.pt", 2)

    class CutOff(Batches):
        def __call__(self, step: int) -> Batch:
            if step == 3:
                raise KeyboardInterrupt
            return super().__call__(step)

    with pytest.raises(KeyboardInterrupt):
        fit(maps, CutOff(shown, rows, 8, 1), recipe, tmp_path / "cut.pt", 2)
    gone_on = fit(maps, batches, recipe, tmp_path / "cut.pt", 2)
    assert max(float((whole[name] - gone_on[name]).abs().max()) for name in whole) < 1e-5


def test_whitening_wholly_makes_all_directions_alike() -> None:
    rows = (np.random.default_rng(1).normal(size=(500, 6)) * [9, 5, 3, 1, 0.5, 0.2]).astype(np.float32)
    linear = pca(rows, np.ones(500, np.float32), 4, [0.5])[0.5]
    spread = (rows @ linear.weight.T + linear.bias).std(axis=0)
    assert spread == pytest.approx(np.full(4, spread[0]), rel=1e-3)


def test_the_weight_of_the_colours_is_what_validation_asks_for(drawn: list[Record]) -> None:
    """Features are noise, colours tell pieces: nothing but colour is worth having."""
    rng = np.random.default_rng(1)
    colour = {f"ring-{number}": rng.random(54) for number in range(12)}
    noise = rng.normal(size=(24, 1280))
    parts = np.hstack([noise, [colour[record.item_id] for record in drawn]]).astype(np.float32)
    items = [record.item_id for record in drawn]
    fusion = choose(parts, np.ones(24, np.float32), by_name(drawn, parts), [Question(drawn, items, drawn, items)])
    assert fusion.colour_weight > 0
    vectors = fusion(parts)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(24), abs=1e-5)


def by_name(records: list[Record], rows: Vectors) -> dict[str, Vectors]:
    return {record.sha256: row for record, row in zip(records, rows, strict=True)}


def test_the_ground_changes_the_colours_less_than_the_piece_does() -> None:
    def of(piece: tuple[int, int, int], ground: tuple[int, int, int]) -> Vectors:
        picture = Image.new("RGB", (SIZE, SIZE), ground)
        ImageDraw.Draw(picture).ellipse((18, 18, 46, 46), fill=piece)
        with torch.inference_mode():
            found: Vectors = Colours()(torch.from_numpy(normalise(picture))[None])[0].numpy()
        return found

    red = of((190, 30, 40), (255, 255, 255))
    assert red @ red == pytest.approx(1, abs=1e-3)
    assert red @ of((190, 30, 40), (40, 60, 120)) > red @ of((30, 60, 190), (255, 255, 255)) + 0.2


@pytest.fixture(scope="module")
def packaged(drawn: list[Record], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as training leaves it, its fusion of noise."""
    folder = tmp_path_factory.mktemp("models") / "drawn-1"
    rng = np.random.default_rng(2)
    parts = rng.normal(size=(40, 1334)).astype(np.float32)
    linear = [pca(rows, np.ones(40, np.float32), 8, [0.25])[0.25] for rows in (parts[:, :1280], parts[:, 1280:])]
    package(folder, Tail().trunk_weights(), Fusion(linear[0], linear[1], 0.2, 0.25, 0.25, 0.5), 3.0, SIZE, {})
    return folder


def test_onnx_and_torch_give_the_same_vector(packaged: Path, drawn: list[Record]) -> None:
    manifest = read_manifest(packaged)
    batch = np.stack([normalise(square(record, 0, SIZE)) for record in drawn[:8]])
    ours = OnnxEncoder(packaged, manifest, threads=1).forward(batch)
    theirs = TorchEncoder(packaged, manifest, "cpu").forward(batch)
    assert ours.shape == (8, manifest.dimension + manifest.feature_dimension) == (8, 16 + 1280)
    assert np.abs(ours - theirs).max() < 1e-3
    for part in np.split(ours, [16], axis=1):
        assert np.linalg.norm(part, axis=1) == pytest.approx(np.ones(8), abs=1e-4)
    alone = OnnxEncoder(packaged, manifest, threads=1).forward(batch[3:4])
    assert np.abs(alone[0] - ours[3]).max() < 1e-3


def test_a_folder_stores_in_half_what_training_made_and_nothing_else(packaged: Path) -> None:
    assert (packaged / TRAINED).stat().st_size < 10_000_000
    in_steps_of_a_byte = 4_500_000
    assert sum(file.stat().st_size for file in packaged.iterdir()) < 30_000_000 + in_steps_of_a_byte
    network = load_network(packaged, read_manifest(packaged))
    assert isinstance(network, LoupeNetwork)
    assert float(network.colour_weight) == pytest.approx(0.2)


def test_trained_weights_that_do_not_fit_are_refused(packaged: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    manifest = read_manifest(packaged)
    weights = load_file(packaged / TRAINED)
    del weights["features.trunk._conv_head.weight"]
    save_file(weights, tmp_path / TRAINED)
    with pytest.raises(Permanent, match="does not fit the network"):
        load_network(tmp_path, manifest)
