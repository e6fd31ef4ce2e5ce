"""What the audit of the lock files says of what pip-audit reports."""

from __future__ import annotations

from typing import Any

from deploy.audit import judge

SOUND = {"name": "attrs", "version": "26.1.0", "vulns": []}
UNKNOWN = {"name": "wrapt", "skip_reason": "Dependency not found on PyPI and could not be audited: wrapt (2.5.2)"}
HURT: dict[str, Any] = {
    "name": "yarl",
    "version": "1.0",
    "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["1.1"], "aliases": [], "description": "It leaks."}],
}


def test_all_is_well_only_when_every_package_was_looked_up() -> None:
    assert judge({"dependencies": [SOUND], "fixes": []}).status == 0
    unsure = judge({"dependencies": [SOUND, UNKNOWN], "fixes": []})
    assert (unsure.status, unsure.looked_up, unsure.unknown) == (2, 1, ["wrapt"])
    assert judge({"dependencies": [], "fixes": []}).status == 2


def test_what_is_known_is_named_with_the_release_that_mends_it() -> None:
    hurt = judge({"dependencies": [SOUND, HURT, UNKNOWN], "fixes": []})
    assert hurt.status == 1
    assert hurt.known == ["yarl 1.0: PYSEC-2026-1, mended in 1.1"]
    HURT["vulns"][0]["fix_versions"] = []
    assert judge({"dependencies": [HURT], "fixes": []}).known == ["yarl 1.0: PYSEC-2026-1, not mended yet"]
