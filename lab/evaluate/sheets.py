"""Contact sheets of the worst failures, for the eyes of whoever runs the evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw

from lab import vectors
from lab.datasets import Record
from services.embedder.decode import decode
from services.embedder.prepare import letterbox, scale

REPOSITORY = Path(__file__).parents[2]
SIDE = 140
CAPTION = 14


def folder_for(out: Path, records: Sequence[Record]) -> Path:
    """Where a sheet of `records` may lie: `out`, or the cache when it would bring foreign pictures into the repository.

    Pictures from within the repository may be shown anywhere.
    """
    inside = out.resolve().is_relative_to(REPOSITORY)
    foreign = any(not record.path.resolve().is_relative_to(REPOSITORY) for record in records)
    return vectors.CACHE / "sheets" / out.name if inside and foreign else out


def write_sheet(out: Path, name: str, rows: Sequence[tuple[str, Sequence[Record]]]) -> Path:
    """A row a failure: its words, then its pictures side by side (query, best hit, what was looked for). JPEG."""
    path = folder_for(out, [record for _, records in rows for record in records]) / f"{name}.jpg"
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = max((len(records) for _, records in rows), default=1)
    sheet = Image.new("RGB", (columns * SIDE, max(1, len(rows)) * (SIDE + CAPTION)), "white")
    draw = ImageDraw.Draw(sheet)
    for place, (words, records) in enumerate(rows):
        top = place * (SIDE + CAPTION)
        draw.text((2, top + 1), words, fill="black")
        for column, record in enumerate(records):
            picture = letterbox(scale(decode(record.path.read_bytes(), SIDE).rgb, SIDE), SIDE)
            sheet.paste(picture, (column * SIDE, top + CAPTION))
    sheet.save(path, quality=85)
    return path
