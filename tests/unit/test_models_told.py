"""Whoever starts the local stack reads which models it has."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.local.home import Home
from loupe.training import models_told
from services.embedder.manifest import SHIPPED


def test_the_model_that_ships_is_told_with_what_it_learned_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EMBEDDER_MODEL_DIRS", raising=False)
    (words,) = models_told(Home.at(tmp_path))
    assert words.startswith(f"{SHIPPED.name} (encoder: ")
    assert "card.md" in words


def test_the_environment_chooses_before_the_home_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home.at(tmp_path)
    home.load_models([SHIPPED, Path("cbir")])
    monkeypatch.delenv("EMBEDDER_MODEL_DIRS", raising=False)
    assert len(models_told(home)) == 2
    monkeypatch.setenv("EMBEDDER_MODEL_DIRS", "cbir")
    assert models_told(home) == ["cbir"]
