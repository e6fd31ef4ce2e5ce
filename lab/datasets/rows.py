"""One row of a CSV manifest -> a record, or every fault of the row."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from lab.datasets.record import HIDDEN, SPLITS, TYPES, Box, Record

FIELDS = {
    "set": "collection",
    "split": "split",
    "type": "type",
    "class": "style",
    "item_id": "item_id",
    "source_repo": "shop",
    "metal": "metal",
    "stone": "stone",
    "view": "view",
    "licence": "licence",
    "dup_group": "dup_group",
    "family": "family",
}
"""Column of a manifest -> field of `Record`, for those that are copied as they are."""
_OWN = {*FIELDS, "path", "sha256", "mask", "boxes"}
_SHA256 = re.compile(r"[0-9a-f]{64}")


def to_record(row: Mapping[str, str], folder: Path) -> tuple[Record | None, list[str]]:
    """The record of a row (paths are relative to `folder`), or None and what is wrong with the row."""
    wrong: list[str] = []
    path, sha256 = _picture(row.get("path", ""), row.get("sha256", ""), folder, wrong)
    if row.get("type") and row["type"] not in TYPES:
        wrong.append(f"type {row['type']!r} is not known; use one of {', '.join(TYPES)}, or leave it empty")
    if row.get("split") and row["split"] not in SPLITS:
        wrong.append(f"split {row['split']!r} is not known; use train, val or test, or leave it empty")
    mask = folder / row["mask"] if row.get("mask") else None
    if mask is not None and not mask.is_file():
        wrong.append(f"the mask {row['mask']!r} is not there; mend the path or leave it empty")
    boxes = _boxes(row.get("boxes", ""), wrong)
    if wrong:
        return None, wrong
    further = {column: value for column, value in row.items() if column not in _OWN and value}
    known = {name: row.get(column, "") for column, name in FIELDS.items()}
    return Record(path, sha256, mask=mask, boxes=boxes, parameters=further, **known), []


def picture_sha256(path: Path) -> tuple[str, str]:
    """The sha256 of a picture's bytes and an empty string; or an empty string and what is wrong with the file."""
    try:
        data = path.read_bytes()
        with Image.open(path):
            pass
    except FileNotFoundError:
        return "", f"the picture {str(path)!r} is not there; mend the path or take the row out"
    except UnidentifiedImageError:
        return "", f"{str(path)!r} is no picture that can be read; save it as JPEG or PNG, or take the row out"
    except (OSError, Image.DecompressionBombError) as error:
        return "", f"the picture {str(path)!r} cannot be read ({error}); mend it or take the row out"
    return hashlib.sha256(data).hexdigest(), ""


def _picture(name: str, sha256: str, folder: Path, wrong: list[str]) -> tuple[Path, str]:
    path = folder / name
    if not name:
        wrong.append("the path is empty; write the picture's file name, relative to the manifest's folder")
    elif not sha256:
        sha256, problem = picture_sha256(path)
        wrong.extend([problem] if problem else [])
    elif not _SHA256.fullmatch(sha256):
        wrong.append(
            f"sha256 {sha256!r} is not 64 lower-case hex digits; mend it, or leave it empty to have it computed"
        )
    elif not path.is_file():
        wrong.append(f"the picture {str(path)!r} is not there; mend the path or take the row out")
    return path, sha256


def _boxes(text: str, wrong: list[str]) -> tuple[Box, ...]:
    if not text:
        return ()
    try:
        boxes = tuple(Box(*map(float, corners)) for corners in json.loads(text))
    except (ValueError, TypeError):
        boxes = (Box(1, 1, 0, 0),)
    if any(box != HIDDEN and not (0 <= box.x0 < box.x1 <= 1 and 0 <= box.y0 < box.y1 <= 1) for box in boxes):
        wrong.append(
            f"boxes {text!r} are not [[x0, y0, x1, y1], ...] in fractions of width and height with x0 < x1, y0 < y1"
        )
    return boxes
