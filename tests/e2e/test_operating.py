"""Operating the stack: what breaks, what is said, what comes back."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml

from tests.support.broker import free_port
from tests.support.pictures import catalogue, drawing
from tests.support.stack import RunningStack
from tests.support.waiting import until

PROMETHEUS = Path(__file__).parents[2] / "deploy/prometheus/prometheus.yml"
SCRAPE_SECONDS = float(yaml.safe_load(PROMETHEUS.read_text())["global"]["scrape_timeout"].removesuffix("s"))
BOTH_STACKS = [pytest.param(False, id="local"), pytest.param(True, id="processes", marks=pytest.mark.long)]


@pytest.fixture(scope="module", params=BOTH_STACKS)
def empty(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    running = RunningStack(tmp_path_factory.mktemp("operating") / "home", processes=request.param)
    yield running
    running.stop()


def test_doctor_finds_a_healthy_stack_healthy(empty: RunningStack) -> None:
    done = empty.loupe("doctor")
    assert done.returncode == 0, done.stdout
    assert "FAIL" not in done.stdout


def test_doctor_explains_a_stopped_broker_and_uploads_wait_for_it(empty: RunningStack) -> None:
    (broker,) = empty.children("broker")
    broker.suspend()
    try:
        done = empty.loupe("doctor")
        assert done.returncode == 1
        assert "FAIL broker" in done.stdout
        assert "outbox" in done.stdout, "it says that nothing is lost"
        told = httpx.get(f"{empty.address}/metrics", timeout=SCRAPE_SECONDS).text
        assert "loupe_broker_up 0.0" in told, "Prometheus hears of it before it gives up"
        with empty.api as api:
            assert api.put("/v1/items/WAITS", json={"title": "Waits"}).status_code == 201
            file = {"file": ("p.jpg", drawing(1), "image/jpeg")}
            status_url = api.post("/v1/items/WAITS/images", files=file).json()["status_url"]
    finally:
        broker.resume()
    with empty.api as api:
        until(
            lambda: api.get(status_url).json()["state"] == "indexed", "the upload goes on when the broker is back", 60
        )


def test_a_killed_child_is_started_again_and_it_is_said(empty: RunningStack) -> None:
    for part in empty.parts:
        (victim,) = empty.children(part)
        victim.kill()
        until(lambda: f"{part} was ended by SIGKILL; starting it again" in empty.said, f"the end of {part} is said")  # noqa: B023
        until(lambda: empty.loupe("doctor").returncode == 0, f"all is well again without the first {part}", 60)
        assert empty.children(part) != [victim]


def test_reconcile_finds_nothing_in_a_stack_whose_parts_were_killed(empty: RunningStack) -> None:
    done = empty.loupe("reconcile")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("0 found and repaired")


def test_importing_the_same_file_twice_changes_nothing(empty: RunningStack, tmp_path: Path) -> None:
    file = catalogue(tmp_path, 12)
    first = empty.loupe("import", str(file))
    assert first.returncode == 0, first.stderr
    assert "12 rows: 12 imported, 0 updated, 0 unchanged, 0 rejected" in first.stdout
    assert "12 pictures: 12 indexed, 0 rejected" in first.stdout
    before = empty.loupe("status").stdout
    again = empty.loupe("import", str(file))
    assert "0 imported, 0 updated, 12 unchanged" in again.stdout
    assert empty.loupe("status").stdout == before
    with empty.api as api:
        answer = api.get("/v1/items/DRAWN-0003")
        assert answer.json()["revision"] == 1
        assert "ratelimit" in answer.headers, "requests are counted at the stack's own broker"


def test_an_import_tells_faulty_rows_by_line_and_rejected_pictures_by_reason(
    empty: RunningStack, tmp_path: Path
) -> None:
    (tmp_path / "good.jpg").write_bytes(drawing(77))
    (tmp_path / "cut.jpg").write_bytes(drawing(78)[:3000])
    (tmp_path / "text.jpg").write_text("not a picture")
    rows = [
        "sku,price,images,shelf",
        "A-1,10,good.jpg,x",
        "A-2,cheap,,",
        "A-3,1,missing.jpg,",
        "A-4,1,cut.jpg,",
        "A-5,1,text.jpg,",
    ]
    file = tmp_path / "shop.csv"
    file.write_text("\n".join(rows))
    done = empty.loupe("import", str(file))
    assert done.returncode == 1
    assert "line 3: price:" in done.stderr
    assert "line 4: there is no picture" in done.stderr
    assert "line 6:" in done.stderr
    assert "cut.jpg" in done.stderr
    assert "rejected" in done.stderr
    assert "Columns not used: shelf" in done.stderr


def test_a_second_shop_sees_nothing_of_the_first(empty: RunningStack) -> None:
    added = empty.loupe("tenant", "add", "other-shop")
    assert added.returncode == 0, added.stderr
    with empty.api as first, empty.api as second:
        second.headers["Authorization"] = f"Bearer {added.stdout.split()[0]}"
        first.put("/v1/items/SHARED-SKU", json={"title": "Of the first shop"})
        assert second.get("/v1/items/SHARED-SKU").status_code == 404
        assert second.get("/v1/items").json()["items"] == []
        found = second.post("/v1/search", files={"image": ("p.jpg", drawing(3), "image/jpeg")}).json()
        assert found["results"] == []
    assert empty.loupe("tenant", "add", "other-shop").returncode == 1


def test_a_key_revoked_on_the_command_line_is_refused_by_the_running_stack(empty: RunningStack) -> None:
    made = empty.loupe("key", "add", "shop", "--scope", "read", "--name", "web")
    with empty.api as api:
        api.headers["Authorization"] = f"Bearer {made.stdout.strip()}"
        assert api.get("/v1/items").status_code == 200
        (row,) = [line for line in empty.loupe("key", "list", "shop").stdout.splitlines() if " web " in line]
        assert empty.loupe("key", "revoke", row.split()[0]).returncode == 0
        until(lambda: api.get("/v1/items").status_code == 401, "the key is refused", 5)


def test_a_second_stack_over_the_same_home_is_refused_in_words(empty: RunningStack) -> None:
    refused = empty.loupe("up")
    assert refused.returncode == 1
    assert "already runs" in refused.stderr


@pytest.mark.parametrize("processes", BOTH_STACKS)
def test_ctrl_c_stops_within_ten_seconds_and_the_next_start_goes_on(tmp_path: Path, processes: bool) -> None:
    stack = RunningStack(tmp_path / "home", processes=processes)
    assert stack.loupe("import", str(catalogue(tmp_path / "shop", 5))).returncode == 0
    started = time.monotonic()
    assert stack.interrupt() == 0
    assert time.monotonic() - started < 10
    assert "it was killed" not in stack.said
    assert "not running" in stack.loupe("doctor").stdout
    stack.start()
    with stack.api as api:
        assert api.get("/v1/status").json()["images"]["indexed"] == 5
    stack.stop()


def test_a_server_that_is_not_installed_is_named_before_anything_starts(tmp_path: Path) -> None:
    environment = {"LOUPE_HOME": str(tmp_path / "home"), "PORT": str(free_port()), "PATH": str(tmp_path)}
    refused = subprocess.run(
        [sys.executable, "-m", "loupe", "up", "--processes"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert refused.returncode == 1
    assert "apt-get install redis-server" in refused.stderr
    assert not (tmp_path / "home" / "running.json").exists()
