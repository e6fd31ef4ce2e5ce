"""What try-on carries of others: each file is the one that its README names, and none makes code out of text."""

from __future__ import annotations

import hashlib
import re

import pytest

from lab.take_mediapipe import PACKAGES, VENDOR, without_text

ROW = re.compile(r"^\| `([a-z_]+/[^`]+)` \| (\d+) \| `([0-9a-f]{64})` \|$", re.MULTILINE)


def test_every_vendored_file_is_the_one_that_its_readme_names() -> None:
    told = {name: (int(size), sha256) for name, size, sha256 in ROW.findall((VENDOR / "README.md").read_text())}
    there = {f"{path.parent.name}/{path.name}": path.read_bytes() for path in VENDOR.glob("*/*")}
    assert told == {name: (len(data), hashlib.sha256(data).hexdigest()) for name, data in there.items()}
    assert set(told) == {f"{package.name}/{kept}" for package in PACKAGES for kept in package.kept}


def test_it_comes_with_its_licence_and_the_hashes_it_was_taken_by() -> None:
    assert "Apache License" in (VENDOR / "LICENSE").read_text()[:500]
    readme = (VENDOR / "README.md").read_text()
    assert all(package.sha256 in readme for package in PACKAGES)


def test_none_of_its_scripts_makes_functions_out_of_text_or_asks_another_origin() -> None:
    for script in VENDOR.glob("*/*.js"):
        text = script.read_text()
        assert "new_(Function" not in text, script.name
        assert "new Function" not in text, script.name
        assert not re.search(r"[^\w.]eval\(", text), script.name


def test_another_script_than_the_known_one_is_not_changed_blindly() -> None:
    with pytest.raises(ValueError, match="0 times in the script"):
        without_text("function somethingElse() {}")
