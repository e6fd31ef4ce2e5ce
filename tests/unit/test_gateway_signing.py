"""What the gateway signs counts for what it was signed for, and for as long."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.signing import Signer, keyed_hash
from shared.errors import BadRequest

SECRET = "a secret for tests only"
signer = Signer(SECRET)
texts = st.text(max_size=20)


@given(position=st.text(max_size=128), scope=st.lists(texts, max_size=3), other=st.lists(texts, max_size=3))
def test_a_cursor_gives_its_position_back_to_its_own_list_alone(
    position: str, scope: list[str], other: list[str]
) -> None:
    cursor = signer.cursor(position, *scope)
    assert signer.position(cursor, *scope) == position
    # The parts of a scope hold no NUL in practice: SKUs, hashes and JSON cannot.
    if "\0".join(other) != "\0".join(scope):
        with pytest.raises(BadRequest):
            signer.position(cursor, *other)


@given(junk=st.text(max_size=80))
def test_no_text_made_up_by_others_is_a_cursor_a_session_or_an_address(junk: str) -> None:
    with pytest.raises(BadRequest):
        signer.position(junk, "items", "shop")
    assert signer.session_tenant(junk) is None
    assert signer.image_tenant("i", 99_999_999_999, junk) is None


def test_an_address_is_over_after_its_time() -> None:
    over = keyed_hash(SECRET, "image", "shop", "i", "1000000000")
    assert signer.image_tenant("i", 1_000_000_000, f"shop.{over}") is None
    later = keyed_hash(SECRET, "image", "shop", "i", "99999999999")
    assert signer.image_tenant("i", 99_999_999_999, f"shop.{later}") == "shop"


def test_an_address_stays_the_same_for_a_while_so_that_browsers_keep_the_picture() -> None:
    assert len({signer.image_url("shop", "i") for _ in range(3)}) <= 2  # two when the hour turns in between


def test_another_secret_signs_something_else() -> None:
    session = signer.session("shop")
    assert signer.session_tenant(session) == "shop"
    assert Signer("another secret than that").session_tenant(session) is None
