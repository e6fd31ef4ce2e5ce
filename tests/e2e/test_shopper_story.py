"""One shopper's visit to the sample shop, told from the first click on: what is suggested follows what they do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from loupe.client import Client, Result, UserEvent
from shared.contracts.search import Suggestions
from shared.contracts.user_events import EventType
from tests.support.stack import RunningStack
from tests.support.waiting import until

CLICKED = ("RING-EMERALD-HALO-01", "PEND-EMERALD-DROP-16", "EAR-EMERALD-MARQUISE-17")
PLACES = 10


class Story:
    """A shopper with what they do and what they are suggested, through the client."""

    def __init__(self, loupe: Client) -> None:
        self.loupe = loupe
        self.name = f"shopper-{uuid4().hex}"

    def does(self, kind: EventType, sku: str, **whose: str) -> None:
        names = whose or {"user_id": self.name}
        event = UserEvent(id=uuid4().hex, type=kind, sku=sku, at=datetime.now(UTC), **names)
        assert self.loupe.send_events([event]).accepted == 1

    def suggested(self, limit: int = PLACES, visit: str = "") -> dict[str, Result]:
        """Suggestions by SKU, best first."""
        answer = self.loupe.session_suggestions(visit, limit=limit) if visit else self.answer(limit)
        return {one.sku: one for one in answer.suggestions}

    def answer(self, limit: int = PLACES) -> Suggestions:
        return self.loupe.suggestions(self.name, limit=limit)


@pytest.fixture
def story(local_stack: RunningStack) -> Iterator[Story]:
    with local_stack.client as loupe:
        yield Story(loupe)


def emeralds(suggested: dict[str, Result]) -> list[str]:
    return [sku for sku, one in suggested.items() if "emerald" in one.item.tags]


def types(suggested: dict[str, Result]) -> set[str]:
    return {one.item.attributes.get("type") or sku.partition("-")[0] for sku, one in suggested.items()}


def test_what_is_suggested_follows_the_shopper(story: Story, local_stack: RunningStack) -> None:
    before = story.suggested()
    assert all(one.reason for one in before.values()), "a newcomer is told why, too"

    for sku in CLICKED:
        story.does("clicked", sku)
    until(lambda: len(emeralds(story.suggested())) >= 3, "emerald pieces are suggested")
    clicked = story.suggested()
    assert types({sku: clicked[sku] for sku in emeralds(clicked)}) - {"ring"}, "emerald pieces, and not only rings"
    assert not set(CLICKED) & set(clicked), "what was looked at is known already"
    titles = {sku: story.loupe.get_item(sku).title for sku in CLICKED}
    for one in clicked.values():
        assert one.reason
        if "you clicked" in one.reason:
            assert any(f"the {title} you clicked" in one.reason for title in titles.values()), one.reason

    bought = emeralds(clicked)[0]
    with listed_again(story.loupe, bought) as again:
        until(lambda: again in story.suggested(100), "it is there in another size, too")
        story.does("purchased", bought)
        until(lambda: not {bought, again} & set(story.suggested(100)), "what was bought goes, and its other size")

    dismissed = emeralds(story.suggested())[0]
    like_it = [one.sku for one in story.loupe.similar(dismissed, limit=5).results]
    scores = {sku: one.score for sku, one in story.suggested(100).items()}
    story.does("dismissed", dismissed)
    until(lambda: dismissed not in story.suggested(100), "what was dismissed goes")
    faded = {sku: one.score for sku, one in story.suggested(100).items() if sku in like_it and sku in scores}
    assert faded, "some of its like are still there to be compared"
    assert sum(faded.values()) < sum(scores[sku] for sku in faded), "its like fade"

    with other_shop(local_stack) as other:
        answer = other.suggestions(story.name, limit=PLACES)
        assert (answer.cold, answer.suggestions) == (True, []), "another shop sees none of it"


def test_a_visit_becomes_a_users_at_login_with_all_that_was_done_in_it(story: Story) -> None:
    visit = f"visit-{uuid4().hex}"
    for sku in CLICKED:
        story.does("clicked", sku, session_id=visit)
    until(lambda: len(emeralds(story.suggested(visit=visit))) >= 3, "the visitor is suggested emeralds")
    assert story.answer().cold, "nobody knows yet whose visit it is"

    story.does("viewed", "RING-RUBY-FLOWER-11", session_id=visit, user_id=story.name)
    until(lambda: len(emeralds(story.suggested())) >= 3, "what was done before the login counts for the user")
    assert not story.answer().cold
    story.does("purchased", (bought := emeralds(story.suggested())[0]), session_id=visit)
    until(lambda: bought not in story.suggested(100), "and so does what is done in the visit after it")


@contextmanager
def listed_again(loupe: Client, sku: str) -> Iterator[str]:
    """The piece as another item of the same title and picture, as shops list sizes."""
    again = f"{sku}-SIZE-56"
    item = loupe.get_item(sku)
    loupe.put_item(again, item)
    try:
        accepted = loupe.add_image(again, loupe.image_content(item.images[0].image_id))
        assert loupe.wait_for_image(accepted.image_id).state == "indexed"
        yield again
    finally:
        loupe.remove_item(again)


def other_shop(stack: RunningStack) -> Client:
    """A shop without items."""
    name = f"shop-{uuid4().hex[:8]}"
    assert stack.loupe("tenant", "add", name).returncode == 0
    made = stack.loupe("key", "add", name, "--scope", "read", "--name", "story")
    assert made.returncode == 0, made.stderr
    return Client(stack.address, made.stdout.strip())
