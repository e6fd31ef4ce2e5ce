"""Zips from outside: nothing of one is written to a disk by its own name, and none unpacks to more than it may."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from shared.contracts.fields import MAX_PICTURE_BYTES
from shared.contracts.imports import MAX_IMPORT_BYTES
from shared.errors import Permanent
from shared.imports.naming import is_noise

MAX_FILES = 100_000
_MAX_UNPACKED = 20_000_000_000
_MAX_RATIO = 200
_RATIO_FROM = 1_000_000
_MAX_DIRECTORY = 32_000_000
_MAX_NAME = 500
_END = b"PK\x05\x06"
_END64 = b"PK\x06\x06"
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    struct.error,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OSError,
)


class Archive:
    """The files of a zip by name, looked at one at a time. Raises `Permanent` for a zip that cannot be taken."""

    def __init__(self, file: BinaryIO) -> None:
        _check_directory(file)
        try:
            self._zip = zipfile.ZipFile(file)
        except _BROKEN as error:
            raise Permanent(f"The file is no zip that can be read: {error}. Pack it again.") from error
        if not all(entry.filename for entry in self._zip.infolist()):
            raise Permanent("The zip has a file without a name. Pack it again.")
        entries = [entry for entry in self._zip.infolist() if not entry.is_dir() and not is_noise(entry.filename)]
        if len(entries) > MAX_FILES:
            raise Permanent(f"The zip has {len(entries):,} files; Loupe takes up to {MAX_FILES:,}. Send several zips.")
        if sum(entry.file_size for entry in entries) > _MAX_UNPACKED:
            raise Permanent(f"The zip unpacks to over {_MAX_UNPACKED // 1_000_000_000} GB. Send several zips.")
        self._entries = {entry.filename: entry for entry in entries}
        self.names: Sequence[str] = sorted(self._entries)

    def fault(self, name: str) -> str | None:
        """Why the file is not to be read; None when it may be."""
        entry = self._entries[name]
        path = PurePosixPath(name.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in name or not name.isprintable() or len(name) > _MAX_NAME:
            return "The name leads out of the zip, or is none that a file can have."
        if entry.flag_bits & 0x1:
            return "The file is encrypted. Pack the zip without a password."
        if entry.file_size > _RATIO_FROM and entry.file_size > _MAX_RATIO * max(1, entry.compress_size):
            return f"The file unpacks to more than {_MAX_RATIO} times its size."
        return None

    def read(self, name: str, at_most: int = MAX_PICTURE_BYTES) -> bytes:
        """Raises `Permanent` for a file that is damaged, larger than `at_most` bytes, or has a `fault`."""
        fault = self.fault(name)
        if fault:
            raise Permanent(fault)
        try:
            with self._zip.open(self._entries[name]) as opened:
                data = opened.read(at_most + 1)
        except _BROKEN as error:
            raise Permanent(f"The file is damaged in the zip: {error}. Pack it again.") from error
        if len(data) > at_most:
            raise Permanent(f"The file is over {at_most // 1_000_000} MB.")
        return data

    def table(self, name: str, folder: Path) -> Path:
        """The table unpacked in `folder`, up to the size that an import may have."""
        fault = self.fault(name)
        if fault:
            raise Permanent(f"{name[:200]}: {fault}")
        left = MAX_IMPORT_BYTES
        path = folder / "table"
        try:
            with self._zip.open(self._entries[name]) as opened, path.open("wb") as target:
                while chunk := opened.read(1 << 20):
                    left -= len(chunk)
                    if left < 0:
                        raise Permanent(f"{name[:200]} is over {MAX_IMPORT_BYTES // 1_000_000} MB.")
                    target.write(chunk)
        except _BROKEN as error:
            raise Permanent(f"{name[:200]} is damaged in the zip: {error}. Pack it again.") from error
        return path

    def close(self) -> None:
        self._zip.close()


def _check_directory(file: BinaryIO) -> None:
    """Refuse a list of files that would fill the memory; `zipfile` reads it whole."""
    size = file.seek(0, 2)
    tail = min(size, 66_000)
    file.seek(size - tail)
    end = file.read(tail)
    at = end.rfind(_END)
    if at < 0 or at + 16 > len(end):
        raise Permanent("The file is no zip, or its end is missing. Send it again.")
    (directory,) = struct.unpack_from("<L", end, at + 12)
    at64 = end.rfind(_END64, 0, at)
    if directory == 0xFFFFFFFF and 0 <= at64 <= len(end) - 48:
        (directory,) = struct.unpack_from("<Q", end, at64 + 40)
    if directory > _MAX_DIRECTORY:
        raise Permanent(f"The zip lists too many files; Loupe takes up to {MAX_FILES:,}. Send several zips.")
    file.seek(0)
