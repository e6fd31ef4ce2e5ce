"""When there is no memory for a batch: halved until it fits, told when one picture does not, larger again later."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from prometheus_client import REGISTRY
from structlog.testing import capture_logs
from torch import Tensor, nn

from services.embedder import fitting
from services.embedder.batcher import Batcher
from services.embedder.fitting import Fitting
from services.embedder.manifest import read_manifest
from services.embedder.model import Batch, OutOfMemory
from services.embedder.onnx_encoder import OnnxEncoder
from services.embedder.torch_memory import memory_told
from shared.errors import Retryable
from tests.support.small_model import small_model

HUNGER = 10
"""Two pictures take 4 MB more, five 4 petabytes: more than a process can have."""


def pictures(count: int) -> Batch:
    return np.random.default_rng(count).normal(size=(count, 3, 64, 64)).astype(np.float32)


def encoder(folder: Path, hunger: int) -> OnnxEncoder:
    made = small_model(folder, hunger)
    return OnnxEncoder(made, read_manifest(made), threads=1)


def halved() -> float:
    return REGISTRY.get_sample_value("loupe_embedder_out_of_memory_total", {"outcome": "halved"}) or 0.0


class Room:
    """A network that has room for so many pictures, and then fails as torch does on a GPU; it notes what it got."""

    def __init__(self, pictures: int) -> None:
        self.pictures = pictures
        self.sizes: list[int] = []

    def forward(self, batch: Batch) -> Batch:
        self.sizes.append(len(batch))
        with memory_told():
            if len(batch) > self.pictures:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 9.00 GiB.\nGPU 0 has a total of")
            return batch.reshape(len(batch), -1)


def test_pictures_that_do_not_fit_together_are_all_analysed_in_smaller_batches(tmp_path: Path) -> None:
    hungry, calm = encoder(tmp_path / "hungry", HUNGER), encoder(tmp_path / "calm", 0)
    before = halved()
    given = pictures(5)
    batcher = Batcher(Fitting(hungry.forward, 5), 5, lambda *_: None)
    rows = [batcher.submit(picture, "ingest") for picture in given]
    assert np.allclose([row.result(60) for row in rows], calm.forward(given), atol=1e-6)
    batcher.close()
    with pytest.raises(OutOfMemory):
        hungry.forward(given)
    assert halved() >= before


def test_a_batch_is_halved_until_it_fits_in_the_order_in_which_it_came_and_stays_so() -> None:
    room = Room(3)
    fits = Fitting(room.forward, 16)
    before = halved()
    given = pictures(16)
    with capture_logs() as logs:
        assert np.array_equal(fits(given), given.reshape(16, -1))
    assert room.sizes == [16, 8, 4, 2, 2, 2, 2, 2, 2, 2, 2]
    assert halved() == before + 3
    assert [(line["tried"], line["at_once"]) for line in logs] == [(16, 8), (8, 4), (4, 2)]
    assert logs[0]["detail"] == "CUDA out of memory. Tried to allocate 9.00 GiB."
    room.sizes.clear()
    fits(pictures(5))
    assert room.sizes == [2, 2, 1]


def test_batches_grow_again_once_the_memory_is_back_and_never_beyond_what_was_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fitting, "_FITTED_BEFORE_MORE", 3)
    room = Room(1)
    fits = Fitting(room.forward, 4)
    fits(pictures(2))
    room.pictures = 100
    room.sizes.clear()
    fits(pictures(40))
    assert room.sizes == [1, *[2] * 3, *[4] * 8, 1]


def test_one_picture_for_which_there_is_no_memory_is_tried_again_and_told(tmp_path: Path) -> None:
    full = encoder(tmp_path / "full", 48)
    batcher = Batcher(Fitting(full.forward, 1), 1, lambda *_: None)
    with capture_logs() as logs, pytest.raises(Retryable, match="no memory left for even one picture"):
        batcher.submit(pictures(1)[0], "query").result(60)
    batcher.close()
    assert [line["event"] for line in logs] == ["out_of_memory_alone"]
    assert (REGISTRY.get_sample_value("loupe_embedder_out_of_memory_total", {"outcome": "alone"}) or 0) >= 1


class Eats(nn.Module):
    def forward(self, pictures: Tensor) -> Tensor:
        return pictures + torch.empty(1 << HUNGER * len(pictures)).numel()


def test_torch_without_memory_on_a_cpu_says_so_as_on_a_gpu_and_other_errors_stay_what_they_are() -> None:
    network = Eats()

    def forward(count: int) -> Tensor:
        with memory_told():
            rows: Tensor = network(torch.zeros(count, 1))
            return rows

    assert forward(1).shape == (1, 1)
    with pytest.raises(OutOfMemory, match="allocate"):
        forward(5)
    with pytest.raises(RuntimeError, match="size of tensor"), memory_told():
        torch.zeros(2) + torch.zeros(3)


@pytest.mark.parametrize("broken", [ValueError("odd"), RuntimeError("shapes differ")], ids=str)
def test_what_else_fails_fails_its_batch_at_once(broken: Exception) -> None:
    calls: list[int] = []

    def fails(batch: Batch) -> Batch:
        calls.append(len(batch))
        raise broken

    forward: Callable[[Batch], Batch] = Fitting(fails, 4)
    with pytest.raises(type(broken), match=str(broken)):
        forward(pictures(4))
    assert calls == [4]
