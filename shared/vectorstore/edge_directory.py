"""The embedded collections: a folder each, and a pointer file that names the active one."""

from __future__ import annotations

import json
import os
from pathlib import Path
from uuid import uuid4

from shared.errors import Conflict, Retryable
from shared.vectorstore import edge, edge_engine
from shared.vectorstore.points import checked_name
from shared.vectorstore.port import Active, Payload, VectorStore


class EdgeDirectory:
    """The collections in `folder`. See `Directory` for what each method promises."""

    def __init__(self, folder: Path, alias: str) -> None:
        self._folder = folder
        self._pointer = folder / f"{checked_name(alias)}.active.json"

    def open(self, name: str, dimension: int) -> VectorStore:
        return edge.EdgeStore(self._folder / checked_name(name), dimension)

    def active(self) -> Active | None:
        try:
            told = json.loads(self._pointer.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unreadable(self._pointer, error) from error
        return Active(told["collection"], told["about"])

    def switch(self, name: str, about: Payload) -> None:
        if name not in self.names():
            raise Conflict(f"There is no collection {name!r} to switch to.")
        partial = self._pointer.with_name(f".{self._pointer.name}.{uuid4().hex}")
        try:
            with partial.open("w") as file:
                json.dump({"collection": name, "about": dict(about)}, file)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self._pointer)
            _sync(self._folder)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise _unreadable(self._pointer, error) from error

    def drop(self, name: str) -> None:
        active = self.active()
        if active and active.name == name:
            raise Conflict(f"The collection {name!r} is the active one. Switch to another before it is dropped.")
        edge_engine.remove(self._folder / checked_name(name))

    def names(self) -> list[str]:
        if not self._folder.exists():
            return []
        return sorted(path.name for path in self._folder.iterdir() if path.is_dir() and not path.name.startswith("."))

    def ping(self) -> None:
        self.active()

    def close(self) -> None:
        """There is nothing to let go of: each store holds its own folder."""


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unreadable(pointer: Path, error: OSError) -> Retryable:
    return Retryable(f"The pointer file {pointer} cannot be used: {error.strerror}. See that its disk has room.")
