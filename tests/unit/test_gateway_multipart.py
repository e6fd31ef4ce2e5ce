"""A form is read the same however it is cut into chunks, and given up where it must be."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.gateway.multipart import read_form
from shared.contracts.fields import MAX_PICTURE_BYTES
from shared.errors import LoupeError, TooLarge

TYPE = "multipart/form-data; boundary=edge"


def form(picture: bytes, query: bytes) -> bytes:
    return (
        b'--edge\r\nContent-Disposition: form-data; name="query"\r\n\r\n'
        + query
        + b'\r\n--edge\r\nContent-Disposition: form-data; name="image"; filename="\xc3\xbc.jpg"\r\n'
        + b"Content-Type: image/jpeg\r\n\r\n"
        + picture
        + b"\r\n--edge--\r\n"
    )


async def chunked(chunks: Sequence[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


def read(chunks: Sequence[bytes], length: str | None = None) -> tuple[bytes, str, int, dict[str, bytes]]:
    async def run() -> tuple[bytes, str, int, dict[str, bytes]]:
        with await read_form(TYPE, length, chunked(chunks), "image") as sent:
            upload = sent.picture
            return upload.file.read(), upload.sha256, upload.size, sent.texts

    return asyncio.run(run())


@settings(deadline=None, max_examples=60)
@given(
    picture=st.one_of(st.binary(min_size=1, max_size=300), st.sampled_from([b"\r\n--edg", b"\r\n-", b"--edge--\r"])),
    query=st.binary(max_size=40).filter(lambda text: b"edge" not in text),
    cuts=st.lists(st.integers(0, 600), max_size=12),
)
def test_any_chunks_give_the_same_picture_hash_and_texts(picture: bytes, query: bytes, cuts: list[int]) -> None:
    whole = form(picture, query)
    places = [0, *sorted(min(cut, len(whole)) for cut in cuts), len(whole)]
    chunks = [whole[start:end] for start, end in pairwise(places)]
    data, sha256, size, texts = read(chunks)
    assert data == picture
    assert sha256 == hashlib.sha256(picture).hexdigest()
    assert size == len(picture)
    assert texts.get("query", b"") == query


@settings(deadline=None, max_examples=60)
@given(junk=st.binary(max_size=200), cut=st.integers(0, 150))
def test_what_is_no_whole_form_is_refused_and_never_breaks(junk: bytes, cut: int) -> None:
    for body in (junk, form(b"picture", b"{}")[:cut] + junk):
        with pytest.raises(LoupeError) as error:
            read([body])
        assert error.value.status in (400, 415)


def test_exactly_20_mb_are_taken_and_one_byte_more_is_not() -> None:
    most = b"x" * MAX_PICTURE_BYTES
    assert read([form(most, b"{}")])[2] == MAX_PICTURE_BYTES
    with pytest.raises(TooLarge):
        read([form(most + b"x", b"{}")])


def test_a_stream_is_not_read_on_once_it_is_too_large() -> None:
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        yield form(b"", b"{}").partition(b"\r\n--edge--")[0]
        while True:
            taken += 1
            yield b"x" * 1_000_000

    with pytest.raises(TooLarge):
        asyncio.run(read_form(TYPE, None, endless(), "image"))
    assert taken == MAX_PICTURE_BYTES // 1_000_000 + 1


def test_a_declared_length_over_the_limit_is_refused_before_a_byte_is_read() -> None:
    with pytest.raises(TooLarge):
        read([], length="30000000")
