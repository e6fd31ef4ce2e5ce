"""What an operator is told to do at night can be done: commands, sections, panels and series that are named exist."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from deploy.grafana.__main__ import BOARDS
from loupe.cli import app

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
FOR_OPERATORS = ("runbooks.md", "operations.md", "monitoring.md", "threat-model.md", "data.md", "kubernetes.md")


@pytest.fixture(scope="module")
def runbooks() -> str:
    return (DOCS / "runbooks.md").read_text()


def commands(text: str) -> Iterator[str]:
    """Each `loupe ...` between backquotes, or a line of a block."""
    for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL):
        yield from re.findall(r"^(?:\w+=\S+ )*loupe (.+)$", block, re.MULTILINE)
    without = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    yield from (" ".join(found.split()) for found in re.findall(r"`loupe ([^`]+)`", without))


def unknown(words: str) -> str | None:
    """The first word of a command that `loupe` does not have."""
    known: Any = typer.main.get_command(app)
    for word in shlex.split(words, comments=True):
        if word.startswith("--"):
            options = {option for each in known.params for option in (*each.opts, *each.secondary_opts)}
            if word.partition("=")[0] not in options:
                return word
        elif below := getattr(known, "commands", None):
            if word not in below:
                return word
            known = below[word]
    return None


@pytest.mark.parametrize("document", FOR_OPERATORS)
def test_each_command_that_operators_are_told_exists_with_its_options(document: str) -> None:
    told = set(commands((DOCS / document).read_text()))
    assert {words: word for words in told if (word := unknown(words))} == {}
    if document == "runbooks.md":
        assert len(told) > 15


def anchors(text: str) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("document", FOR_OPERATORS)
def test_each_section_that_is_pointed_to_is_there(document: str) -> None:
    text = (DOCS / document).read_text()
    missing = []
    for file, section in re.findall(r"\]\(([\w./-]*)#([\w-]+)\)", text):
        if section not in anchors((DOCS / (file or document)).read_text()):
            missing.append(f"{file}#{section}")
    assert missing == []


def test_each_fault_without_an_alert_says_its_signs_what_to_do_and_how_it_looks_afterwards(runbooks: str) -> None:
    without = runbooks.partition("# Without an alert")[2]
    sections = re.split(r"^## ", without, flags=re.MULTILINE)[1:]
    wanted = ("**Signs:**", "**Do:**", "**Afterwards:**")
    assert [part.splitlines()[0] for part in sections if not all(word in part for word in wanted)] == []


def test_each_panel_and_row_that_is_named_is_on_its_board(runbooks: str) -> None:
    titles = {
        board.title: {title for row in board.rows for title in (row.title, *(panel.title for panel in row.panels))}
        for board in BOARDS
    }
    named = re.findall(r'\*(Loupe[^*]*)\*,((?:\s+(?:and\s+)?"[^"]+",?)+)', runbooks)
    assert len(named) > 5
    for board, panels in named:
        assert set(re.findall(r'"([^"]+)"', panels)) <= titles[board]


def test_each_series_and_container_that_is_named_exists(runbooks: str) -> None:
    code = "\n".join(file.read_text() for top in ("services", "shared") for file in (ROOT / top).rglob("*.py"))
    assert [name for name in set(re.findall(r"loupe_\w+", runbooks)) if f'"{name}"' not in code] == []
    composed = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    named = re.findall(r"docker-compose\s+(?:ps|start|stop|up -d)\s+([a-z-]+)`", runbooks)
    assert len(named) > 2
    assert set(named) <= set(composed)
