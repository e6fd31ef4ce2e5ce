"""Contact sheets: a row of pictures of every type, to look at."""

from __future__ import annotations

import csv
from pathlib import Path

from PIL import Image

THUMBNAIL = 160


def contact_sheet(folder: Path, out: Path, columns: int) -> None:
    """Write the first `columns` items of every type in `folder`/manifest.csv as one picture."""
    chosen: dict[str, dict[str, Path]] = {}
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            items = chosen.setdefault(row["type"], {})
            if len(items) < columns:
                items.setdefault(row["item_id"], folder / row["path"])
    sheet = Image.new("RGB", (columns * THUMBNAIL, len(chosen) * THUMBNAIL), "white")
    for y, items in enumerate(chosen.values()):
        for x, path in enumerate(items.values()):
            with Image.open(path) as picture:
                sheet.paste(picture.resize((THUMBNAIL, THUMBNAIL)), (x * THUMBNAIL, y * THUMBNAIL))
    sheet.save(out, quality=85)
