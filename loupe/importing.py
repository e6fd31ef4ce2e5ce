"""Imports a catalogue through the HTTP API: the same file twice changes nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

from loupe.catalogue_file import Entry
from loupe.client import Client, Refused
from shared.contracts.api import Image, ItemPut
from shared.contracts.fields import MAX_BATCH_PICTURES, MAX_ITEMS, MAX_PICTURE_BYTES
from shared.errors import LoupeError

_POLL_SECONDS = 0.25


@dataclass
class Outcome:
    """What became of an import. `faults`: a line and what was wrong; `images`: picture by image id."""

    items: int = 0
    images: dict[str, Path] = field(default_factory=dict)
    faults: list[tuple[int, str]] = field(default_factory=list)
    rejected: list[tuple[Path, str]] = field(default_factory=list)


def upload(client: Client, entries: Sequence[Entry], jobs: int, advance: Callable[[int], None]) -> Outcome:
    """Send items and pictures, `jobs` at a time. `advance` is told how many pictures have been dealt with.

    Raises `Retryable` when the gateway stays away; what was accepted until then is not lost.
    """
    outcome = Outcome()
    with ThreadPoolExecutor(jobs) as pool:
        try:
            for start in range(0, len(entries), MAX_ITEMS):
                batch = entries[start : start + MAX_ITEMS]
                client.put_items([ItemPut(sku=e.sku, **dict(e.item)) for e in batch])
                outcome.items += len(batch)
                _upload_pictures(client, pool, batch, outcome, advance)
        except LoupeError:
            pool.shutdown(cancel_futures=True)
            raise
    return outcome


def _upload_pictures(
    client: Client, pool: Executor, entries: Sequence[Entry], outcome: Outcome, advance: Callable[[int], None]
) -> None:
    send = {
        pool.submit(client.add_images, [(entry.sku, picture) for entry, picture in batch]): batch
        for batch in _batches([(entry, picture) for entry in entries for picture in entry.pictures])
    }
    for done in as_completed(send):
        batch = send[done]
        try:
            sent = done.result()
        except Refused as error:
            sent = [error] * len(batch)
        for (entry, picture), image in zip(batch, sent, strict=True):
            if isinstance(image, LoupeError):
                outcome.faults.append((entry.line, f"{picture}: {image.detail}"))
            else:
                outcome.images[image] = picture
        advance(len(batch))


def _batches(pictures: Sequence[tuple[Entry, Path]]) -> Iterator[list[tuple[Entry, Path]]]:
    """Neighbours that one request takes together; a picture that is too large goes alone, to be told so by itself."""
    batch: list[tuple[Entry, Path]] = []
    size = 0
    for entry, picture in pictures:
        more = picture.stat().st_size
        if batch and (len(batch) == MAX_BATCH_PICTURES or size + more > MAX_PICTURE_BYTES):
            yield batch
            batch, size = [], 0
        batch.append((entry, picture))
        size += more
    if batch:
        yield batch


def await_indexed(client: Client, outcome: Outcome, advance: Callable[[int], None]) -> None:
    """Wait until every picture of the import is indexed or rejected, and note the rejected ones with their reasons.

    `advance` is told how many pictures of the whole shop are still on their way.
    """
    while waiting := _on_their_way(client):
        advance(waiting)
        time.sleep(_POLL_SECONDS)
    advance(0)
    rejected: list[Image] = [image for image in client.images(state="rejected") if image.image_id in outcome.images]
    outcome.rejected = [(outcome.images[image.image_id], image.reason or "no reason given") for image in rejected]


def _on_their_way(client: Client) -> int:
    counts = client.status().images
    return counts.get("stored", 0) + counts.get("analysed", 0)
