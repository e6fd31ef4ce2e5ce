"""`loupe search`, by a photo and by words, and `loupe suggest`, on a served gateway."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from shared.contracts.internal import HitList
from tests.support.gateway import KEY, picture, running_gateway
from tests.support.snippets import ROOT, snippet
from tests.support.upstreams import Upstreams, hit, running_upstreams, served


@dataclass(frozen=True)
class Served:
    upstreams: Upstreams
    address: str
    photo: str

    def search(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.loupe("search", *arguments)

    def loupe(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {"LOUPE_URL": self.address, "LOUPE_API_KEY": KEY, "COLUMNS": "200"}
        command = [sys.executable, "-m", "loupe", *arguments]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Served]:
    with running_upstreams() as upstreams, running_gateway(tmp_path, upstreams) as stand:
        hits = []
        for number, title in enumerate(["Emerald ring", "Pearl drops"], start=1):
            stand.put_item(f"P-{number}", title=title)
            hits.append(hit(f"P-{number}", stand.upload(f"P-{number}", picture(number))))
        upstreams.hits = HitList(hits=hits)
        (tmp_path / "photo.jpg").write_bytes(picture(9))
        with served(stand.service.http) as address:
            yield Served(upstreams, address, str(tmp_path / "photo.jpg"))


def test_what_a_photo_finds_is_listed_best_first(gateway: Served) -> None:
    done = gateway.search(gateway.photo)
    assert done.returncode == 0, done.stderr
    _, first, second = done.stdout.splitlines()
    assert ("P-1" in first, "Emerald ring" in first, "like your photo" in first, "P-2" in second) == (True,) * 4


def test_no_match_is_said_before_the_nearest(gateway: Served) -> None:
    gateway.upstreams.hits.no_match = True
    lines = gateway.search(gateway.photo).stdout.splitlines()
    assert lines[0].startswith("No match")
    assert "P-1" in lines[2]
    told = json.loads(gateway.search(gateway.photo, "--json").stdout)
    assert (told["results"], [one["sku"] for one in told["suggestions"]]) == ([], ["P-1", "P-2"])


def test_words_find_without_a_photo_and_are_told_as_they_were_understood(gateway: Served) -> None:
    done = gateway.search("--words", "ring with a twist")
    assert done.stdout.splitlines()[0] == "Understood: ring"
    assert gateway.upstreams.asked[-1].filters.type == ["ring"]
    gateway.upstreams.hits = HitList(hits=[])
    assert "Nothing was found" in gateway.search("--words", "ring").stdout


def test_neither_photo_nor_words_is_refused(gateway: Served) -> None:
    done = gateway.search()
    assert (done.returncode, "--words" in done.stderr) == (1, True)


def test_suggestions_are_asked_for_the_page_that_shows_them(gateway: Served) -> None:
    told = json.loads(gateway.loupe("suggest", "anna", "--cart", "P-1", "--cart", "P-2", "--json").stdout)
    assert [one["sku"] for one in told["suggestions"]] == ["P-1", "P-2"]
    asked = gateway.upstreams.asked[-1]
    assert (asked.user_id, asked.context, asked.skus) == ("anna", "cart", ["P-1", "P-2"])
    gateway.loupe("suggest", "anna", "--item", "P-1")
    assert (gateway.upstreams.asked[-1].context, gateway.upstreams.asked[-1].skus) == ("item", ["P-1"])
    assert gateway.loupe("suggest", "anna", "--item", "P-1", "--cart", "P-2").returncode != 0


def test_the_searches_of_the_readme_run_as_they_stand(gateway: Served) -> None:
    block = snippet("README.md", "sh", ".venv/bin/loupe search")
    searches = [line.split("#")[0] for line in block.splitlines() if line.startswith(".venv/bin/loupe search ")]
    assert len(searches) == 2
    for line in searches:
        done = gateway.search(*shlex.split(line)[2:])
        assert (done.returncode, "P-1" in done.stdout) == (0, True), done.stderr
