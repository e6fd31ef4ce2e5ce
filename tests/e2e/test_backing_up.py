"""A backup taken while a shop goes on, and put where there is nothing: all is there, and nothing by half."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.small_model import DIMENSION, VERSION, small_model
from tests.support.stack import RunningStack
from tests.support.uploading import Promised, reconciled, sending
from tests.support.waiting import until


@pytest.mark.parametrize(
    ("processes", "pictures"),
    [
        pytest.param(False, 4, id="local"),
        pytest.param(False, 100, id="local, longer", marks=pytest.mark.long),
        pytest.param(True, 100, id="processes, longer", marks=pytest.mark.long),
    ],
)
def test_what_was_accepted_before_a_backup_under_traffic_is_searched_and_recorded_after_its_restore(
    tmp_path: Path, processes: bool, pictures: int
) -> None:
    model = {
        "EMBEDDER_MODEL_DIRS": str(small_model(tmp_path / "model")),
        "MODEL_VERSION": VERSION,
        "MODEL_DIMENSION": str(DIMENSION),
    }
    running = RunningStack(tmp_path / "home", processes=processes, settings=model)
    try:
        promised = backed_up(running, tmp_path / "backup", pictures)
    finally:
        running.kill()
    running.home = tmp_path / "again"
    done = running.loupe("restore", str(tmp_path / "backup"))
    assert done.returncode == 0, done.stderr
    running.start()
    try:
        with running.client as client:
            assert promised.lost(client) == []
            reconciled(client)
            assert promised.unfound(client) == []
            assert promised.unrecorded(client) == set()
            assert client.status().images.get("rejected", 0) == 0
            assert all(client.image_content(image.image_id) for image in client.images())
            assert reconciled(client) == {}
        assert re.search(r"^loupe_dead_letters 0\.0$", running.metrics(), re.MULTILINE)
    finally:
        running.stop()


def backed_up(running: RunningStack, folder: Path, pictures: int) -> Promised:
    """What was promised when the backup began; the shop has gone on meanwhile."""
    with sending(running.address, running.key) as shop:
        until(lambda: shop.failed or len(shop.promised.events) >= pictures, "the shop sends", 180, 0.1)
        before = shop.promised.copy()
        done = running.loupe("backup", str(folder))
        assert done.returncode == 0, done.stderr
        assert len(shop.accepted) > len(before.accepted), "it goes on meanwhile"
    return before
