"""Every route does what the OpenAPI document says of it, and refuses what it does not say: Schemathesis, all checks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.pictures import drawing
from tests.support.stack import RunningStack
from tests.support.waiting import until

ROOT = Path(__file__).parents[2]
SKUS = ("RING-1", "RING-2", "RING-3")
LONGEST_SECONDS = 900
"""Far above what it takes, about two minutes of a machine that does nothing else: a run that hangs is a failure too."""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    running = RunningStack(tmp_path_factory.mktemp("contract") / "home")
    yield running
    running.stop()


@pytest.fixture(scope="module")
def key(stack: RunningStack) -> str:
    """Of all scopes, in a shop with a few items and their pictures."""
    assert stack.loupe("tenant", "add", "contract").returncode == 0
    scopes = [part for scope in ("read", "write", "events", "admin", "operator") for part in ("--scope", scope)]
    made = stack.loupe("key", "add", "contract", *scopes, "--name", "contract")
    assert made.returncode == 0, made.stderr
    key = made.stdout.strip()
    with stack.api as api:
        api.headers["Authorization"] = f"Bearer {key}"
        for number, sku in enumerate(SKUS):
            assert api.put(f"/v1/items/{sku}", json={"title": f"Ring {number}", "price": 490}).status_code == 201
            photo = {"file": ("ring.jpg", drawing(number), "image/jpeg")}
            assert api.post(f"/v1/items/{sku}/images", files=photo).status_code == 202
        until(lambda: api.get("/v1/status").json()["images"]["indexed"] == len(SKUS), "the pictures are indexed")
    return key


def test_every_route_keeps_the_contract(stack: RunningStack, key: str, tmp_path: Path) -> None:
    with stack.api as api:
        api.headers["Authorization"] = f"Bearer {key}"
        (collection,) = api.get("/v1/admin/reindex").json()["collections"]
        newest = api.get("/v1/admin/keys").json()["keys"][0]
    facts = {"skus": SKUS, "model": collection["model_version"], "key_id": newest["key_id"]}
    told = tmp_path / "told"
    with told.open("w") as out:
        run = subprocess.Popen(
            [
                *(sys.executable, "-m", "schemathesis.cli", "--config-file", "tests/contract/schemathesis.toml"),
                *("run", f"{stack.address}/openapi.json", "--header", f"Authorization: Bearer {key}", "--no-color"),
            ],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "LOUPE_CONTRACT_FACTS": json.dumps(facts)},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        try:
            ended = run.wait(LONGEST_SECONDS)
        except subprocess.TimeoutExpired:
            run.kill()
            ended = run.wait()
    assert ended == 0, told.read_text()[-25_000:]
