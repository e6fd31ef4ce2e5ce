"""The examples of the client's page and of README run as they stand, and the page names every call."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from loupe.client import Client
from loupe.client.errors import Refused
from shared.contracts.internal import HitList
from shared.contracts.messages import ImageIndexed
from tests.support.client_calls import STEPS, described, methods
from tests.support.gateway import KEY, Stand, picture, running_gateway
from tests.support.importing import importing
from tests.support.snippets import ROOT, snippet
from tests.support.stocking import running_inventory
from tests.support.upstreams import hit, running_upstreams, served

PAGE = "docs/client.md"


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Stand]:
    """A shop whose RING-1 has an indexed picture, the one that the examples send; and the files they read."""
    with (
        running_upstreams() as upstreams,
        running_inventory(tmp_path / "inventory") as (_, inventory_url, _),
        running_gateway(tmp_path / "gateway", upstreams, inventory_url=inventory_url) as stand,
        importing(stand),
    ):
        stand.put_item("RING-1")
        image_id = stand.upload("RING-1", picture(1))
        stand.analysed(stand.client.get(f"/v1/images/{image_id}").json()["sha256"])
        stand.handle(
            ImageIndexed(tenant="shop", correlation_id="c", sku="RING-1", image_id=image_id, model_version="model-1")
        )
        upstreams.hits = HitList(hits=[hit("RING-1", image_id)])
        (tmp_path / ".loupe").mkdir()
        (tmp_path / ".loupe/api-key").write_text(f"{KEY}\n")
        (tmp_path / "photos").mkdir()
        for name in ("ring.jpg", "photo.jpg", "photos/a.jpg"):
            (tmp_path / name).write_bytes(picture(1))
        (tmp_path / "shop.csv").write_text("sku,title,price\nRING-2,A ring,490\nRING-3,Another,a lot\n")
        yield stand


def run(code: str, address: str, folder: Path, **environment: str) -> str:
    """What the code prints, run beside the files it reads."""
    here = code.replace("http://127.0.0.1:8080", address)
    assert here != code
    done = subprocess.run(
        [sys.executable, "-c", here],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_examples_of_the_page_run_one_after_the_other(gateway: Stand, tmp_path: Path) -> None:
    code = "\n".join(re.findall(r"^```python\n(.*?)^```$", (ROOT / PAGE).read_text(), re.MULTILINE | re.DOTALL))
    key = gateway.parts.api_keys.add("shop", "admin", ["admin"]).key
    with served(gateway.service.http) as address:
        said = run(code, address, tmp_path, LOUPE_ADMIN_KEY=key)
    assert re.search(r"^indexed\nRING-1 0\.\d+ ", said), said
    assert said.count("accepted as ") == 2
    assert "refused: " in said
    assert "RING-1 a.jpg " in said
    assert "1 imported, 1 rejected\nline 3 RING-3 " in said
    assert b"RING-3" in (tmp_path / "errors.csv").read_bytes()
    assert "1 taken, []\n['RING-1'] known\n" in said
    assert "RING-1 ['indexed']\nRING-2 []\n1 1\nRING-1\nRING-2\nurn:loupe:problem:not-found " in said


def test_the_example_of_the_readme_runs(gateway: Stand, tmp_path: Path) -> None:
    with served(gateway.service.http) as address:
        said = run(snippet("README.md", "python", "from loupe.client import"), address, tmp_path)
    assert said.splitlines()[0] == "indexed"
    assert "RING-1" in said


def test_the_page_names_every_call_with_its_request_and_every_error() -> None:
    page = (ROOT / PAGE).read_text()
    told = dict(re.findall(r"^\| `(\w+)` \| `([A-Z]+ /[^`]*)` \|$", page, re.MULTILINE))
    calls = {name: described(name) for name in methods(Client).keys() - STEPS}
    assert told == {name: f"{call.method} {call.route}" for name, call in calls.items()}
    assert set(re.findall(r"^\| `(\w+)` \| [^`]", page, re.MULTILINE)) >= STEPS
    for error in Refused.__subclasses__():
        assert f"`{error.__name__}`" in page
