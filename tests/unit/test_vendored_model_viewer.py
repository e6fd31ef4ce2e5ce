"""What the page of a piece in 3-D carries of others: the file that its README names, under the policy that it needs."""

from __future__ import annotations

import hashlib
import re

import pytest

from lab.take_model_viewer import KEPT, SHA256, VENDOR, style_hash
from services.gateway.shielding import PAGE, SOLID

ROW = re.compile(r"^\| `([^`]+)` \| (\d+) \| `([0-9a-f]{64})` \|$", re.MULTILINE)
SCRIPT = VENDOR / "model-viewer.min.js"


def test_every_vendored_file_is_the_one_that_its_readme_names() -> None:
    readme = (VENDOR / "README.md").read_text()
    told = {name: (int(size), sha256) for name, size, sha256 in ROW.findall(readme)}
    there = {name: (VENDOR / name).read_bytes() for name in KEPT.values()}
    assert told == {name: (len(data), hashlib.sha256(data).hexdigest()) for name, data in there.items()}
    assert SHA256 in readme
    assert {path.name for path in VENDOR.iterdir()} == {*KEPT.values(), "README.md"}


def test_the_policy_of_its_page_names_its_one_style_and_allows_no_more_than_other_pages() -> None:
    source = f" '{style_hash(SCRIPT.read_text())}'"
    policy = "Content-Security-Policy"
    assert source in SOLID[policy]
    assert {**SOLID, policy: SOLID[policy].replace(source, "")} == PAGE


def test_another_script_than_one_with_a_single_style_has_no_hash() -> None:
    with pytest.raises(ValueError, match="2 styles"):
        style_hash("<style>a</style><style>b</style>")
