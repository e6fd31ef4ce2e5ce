"""The structure that the documents promise."""

from __future__ import annotations

import re
from pathlib import Path

from shared.contracts.lookalikes import LookalikeFound
from shared.contracts.messages import MessageDied
from shared.contracts.routes import MESSAGES, SUBSCRIBERS, WAY_TO_OUTCOME
from shared.contracts.stock import StockAlert

ROOT = Path(__file__).parents[2]
ARROW = re.compile(r"^\s*(\w+) == ([a-z._]+) ==> (\w+)$", re.MULTILINE)


def arrows() -> set[tuple[str, str, str]]:
    return {match.groups() for match in ARROW.finditer((ROOT / "docs/architecture.md").read_text())}  # type: ignore[misc]


def test_the_picture_of_the_flow_shows_each_message_going_to_its_subscribers() -> None:
    drawn = {(message, subscriber) for _, message, subscriber in arrows()}
    routed = {(m.name, subscriber) for m, subscribers in SUBSCRIBERS.items() for subscriber in subscribers}
    assert drawn == routed - {(MessageDied.name, "gateway")}


def test_the_picture_of_the_flow_shows_each_message_coming_from_the_service_that_makes_it() -> None:
    for publisher, name, _ in arrows():
        makes = f"{MESSAGES[name].__name__}("
        makers = {
            folder.name
            for folder in (ROOT / "services").iterdir()
            if any(makes in source.read_text() for source in folder.rglob("*.py"))
        }
        assert makers == {publisher}, f"{name} is made by {makers}"


def test_every_way_to_an_outcome_starts_where_the_message_goes_and_ends_at_the_outbox() -> None:
    for message, way in WAY_TO_OUTCOME.items():
        assert way[0] in SUBSCRIBERS[message]
        assert way[-1] == {StockAlert: "inventory", LookalikeFound: "authenticity"}.get(message, "gateway")


def test_files_stay_small() -> None:
    sources = [
        path
        for top in ("shared", "services", "deploy", "loupe", "lab", "bench")
        for path in (ROOT / top).rglob("*.py")
        if "cache" not in path.relative_to(ROOT).parts
    ]
    long = {
        str(path.relative_to(ROOT)): count for path in sources if (count := len(path.read_text().splitlines())) > 300
    }
    assert long == {}


def test_relative_links_in_the_documents_lead_somewhere() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text())
        if not (page.parent / target).exists()
    ]
    assert broken == []
