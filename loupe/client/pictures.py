"""Pictures and other files as arguments: a path, the bytes, or an open file."""

from __future__ import annotations

import mimetypes
from contextlib import ExitStack
from os import PathLike
from pathlib import Path
from typing import BinaryIO

Picture = str | PathLike[str] | bytes | BinaryIO
"""A path, the bytes themselves, or a file that is open for reading bytes."""
UNKNOWN = "application/octet-stream"


def read(picture: Picture) -> bytes:
    """All of it; of an open file from where it stands. Raises `OSError` where it cannot be read."""
    if isinstance(picture, bytes):
        return picture
    if isinstance(picture, str | PathLike):
        return Path(picture).read_bytes()
    return picture.read()


def open_(file: Picture, opened: ExitStack) -> bytes | BinaryIO:
    """Something to read it from, from its start and again for each try; what is opened here, `opened` closes.

    Raises `OSError` where it cannot be read, `ValueError` for an open file that cannot go back to its start.
    """
    if isinstance(file, bytes):
        return file
    if isinstance(file, str | PathLike):
        return opened.enter_context(Path(file).open("rb"))
    if not file.seekable():
        raise ValueError("The file can be read once only. Give its bytes, or write it to a file first.")
    return file


def name_of(file: Picture) -> str:
    if isinstance(file, str | PathLike):
        return Path(file).name
    named = getattr(file, "name", None)  # that of a file may also be the number of its descriptor
    return Path(named).name if isinstance(named, str) else "file"


def media_type_of(name: str) -> str:
    return mimetypes.guess_type(name)[0] or UNKNOWN
