"""Every manifest there is, read into one kind of record."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from lab.datasets.faults import Fault, ManifestError
from lab.datasets.record import TYPES, Record
from lab.datasets.rows import picture_sha256, to_record

PICTURE_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".heic", ".heif"}


def read(source: Path) -> list[Record]:
    """All pictures that `source` names, in its order.

    `source` is a CSV with the column `path` (relative to the CSV's folder) and any of `item_id`, `type`, `class`,
    `split`, `licence`, ... ; a catalogue with the columns `sku` and `images`, its pictures in `pictures/`; a folder
    with a `manifest.csv` or `catalogue.csv`; or a folder with a folder of pictures for each class.

    Raises `ManifestError` that lists what is wrong by line.
    """
    if source.is_dir():
        for name in ("manifest.csv", "catalogue.csv"):
            if (source / name).is_file():
                return _read_csv(source / name)
        return _read_folders(source)
    if not source.is_file():
        raise ManifestError(source, [Fault(0, "there is no such file or folder; mend the path")])
    return _read_csv(source)


def _read_csv(source: Path) -> list[Record]:
    faults: list[Fault] = []
    records: list[Record] = []
    first_line: dict[Path, int] = {}
    try:
        with source.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.DictReader(file)
            catalogue = _is_catalogue(source, rows.fieldnames or ())
            for line, row, wrong in _whole_rows(rows):
                faults += [Fault(line, told) for told in wrong]
                for entry in [] if wrong else _pictures_of(row) if catalogue else [row]:
                    record, wrong_here = to_record(entry, source.parent)
                    faults += [Fault(line, told) for told in wrong_here]
                    if record is None:
                        continue
                    if (before := first_line.setdefault(record.path, line)) != line:
                        faults.append(Fault(line, f"the picture of line {before} again; keep one of the two rows"))
                    records.append(record)
    except UnicodeDecodeError as error:
        faults.append(Fault(0, f"it is not UTF-8 ({error.reason} at byte {error.start}); save it as CSV UTF-8"))
    except csv.Error as error:
        faults.append(Fault(0, f"it is not CSV ({error}); save it again as comma-separated values"))
    if not faults and not records:
        faults.append(Fault(0, "it names no picture; add a row for each"))
    if faults:
        raise ManifestError(source, faults)
    return records


def _is_catalogue(source: Path, columns: Sequence[str]) -> bool:
    if "path" in columns:
        return False
    if {"sku", "images"} <= set(columns):
        return True
    raise ManifestError(
        source,
        [
            Fault(
                1, f"the header has no column `path` (nor `sku` and `images`); it has {', '.join(columns) or 'nothing'}"
            )
        ],
    )


def _whole_rows(rows: csv.DictReader[str]) -> Iterator[tuple[int, Mapping[str, str], list[str]]]:
    """Each row with the line that it starts on, and a fault where it has more or fewer fields than the header."""
    columns = len(rows.fieldnames or ())
    for row in rows:
        values = [value or "" for key, value in row.items() if key is not None]
        line = rows.line_num - sum(value.count("\n") for value in values)
        surplus = len(row.get(None, ()))  # DictReader's key for what the header does not name
        missing = sum(value is None for value in row.values())
        wrong = []
        if surplus or missing:
            wrong.append(
                f"it has {columns + surplus - missing} fields where the header has {columns}; "
                "a comma within a value needs quotes around the value"
            )
        yield line, row, wrong


def _pictures_of(piece: Mapping[str, str]) -> list[Mapping[str, str]]:
    """A catalogue's row as one manifest row a picture."""
    shared = {"item_id": piece["sku"], **{key: piece.get(key, "") for key in ("type", "metal", "stone", "licence")}}
    return [{**shared, "path": f"pictures/{name}"} for name in piece["images"].split("|") if name]


def _read_folders(source: Path) -> list[Record]:
    faults: list[Fault] = []
    records: list[Record] = []
    for path in sorted(source.glob("*/*")):
        if path.suffix.lower() not in PICTURE_SUFFIXES:
            continue
        name = path.parent.name
        sha256, problem = picture_sha256(path)
        if problem:
            faults.append(Fault(0, problem))
        else:
            records.append(Record(path, sha256, source.name, type=name if name in TYPES else "", style=name))
    if not records and not faults:
        faults.append(Fault(0, "it has neither a manifest.csv nor folders with pictures; make a folder for each class"))
    if faults:
        raise ManifestError(source, faults)
    return records
