"""Objects as files: `root/bucket/tenant/key`. A file appears by a rename, so no reader ever sees half of one."""

from __future__ import annotations

import io
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from shared.errors import NotFound, Permanent, Retryable
from shared.objectstore.port import Entry, check_key, check_size, check_tenant

_CHUNK = 1 << 20
_ABANDONED_AFTER_S = 24 * 3600
_ATTEMPTS = 10


class FileObjectStore:
    """The object store of one machine. See `ObjectStore` for what each method promises."""

    def __init__(self, root: Path, bucket: str) -> None:
        check_tenant(bucket)
        self._bucket = bucket
        self._folder = root / bucket
        # No tenant starts with a dot, so this can hide no tenant's objects.
        self._incoming = self._folder / ".incoming"
        with self._translated():
            self._incoming.mkdir(parents=True, exist_ok=True)
            self._remove_abandoned()

    def put(self, tenant: str, key: str, data: bytes | BinaryIO) -> None:
        path = self._path(tenant, key)
        source = io.BytesIO(data) if isinstance(data, bytes) else data
        part = self._incoming / uuid4().hex
        with self._translated():
            try:
                with part.open("xb") as target:
                    shutil.copyfileobj(source, target, _CHUNK)
                    target.flush()
                    os.fsync(target.fileno())
                self._move_into_place(part, path)
            finally:
                part.unlink(missing_ok=True)

    def get(self, tenant: str, key: str, *, at_most: int | None = None) -> bytes:
        path = self._path(tenant, key)
        with self._translated():
            try:
                check_size(key, path.stat().st_size, at_most)
                return path.read_bytes()
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                raise NotFound(f"There is no object {key!r} in the bucket {self._bucket!r}.") from None

    def fetch(self, tenant: str, key: str, target: BinaryIO) -> None:
        path = self._path(tenant, key)
        with self._translated():
            try:
                with path.open("rb") as source:
                    shutil.copyfileobj(source, target, _CHUNK)
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                raise NotFound(f"There is no object {key!r} in the bucket {self._bucket!r}.") from None

    def exists(self, tenant: str, key: str) -> bool:
        path = self._path(tenant, key)
        with self._translated():
            return path.is_file()

    def delete(self, tenant: str, key: str) -> None:
        path = self._path(tenant, key)
        with self._translated():
            with suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError):
                path.unlink()
            with suppress(OSError):  # a folder that still holds objects stays
                for folder in list(path.parents)[: key.count("/")]:
                    folder.rmdir()

    def keys(self, tenant: str, prefix: str = "") -> Iterator[str]:
        check_tenant(tenant)
        with self._translated():
            yield from _walk(self._folder / tenant, "", prefix)

    def entries(self, tenant: str, prefix: str = "") -> Iterator[Entry]:
        for key in self.keys(tenant, prefix):
            with self._translated():
                try:
                    put_at = self._path(tenant, key).stat().st_mtime
                except (FileNotFoundError, NotADirectoryError):
                    continue
            yield Entry(key, datetime.fromtimestamp(put_at, UTC))

    def upload_url(self, tenant: str, key: str, seconds: int) -> None:  # noqa: ARG002 - the port's
        self._path(tenant, key)

    def ping(self) -> None:
        probe = self._incoming / uuid4().hex
        with self._translated():
            try:
                probe.write_bytes(b"ping")
            finally:
                probe.unlink(missing_ok=True)

    def _path(self, tenant: str, key: str) -> Path:
        check_tenant(tenant)
        check_key(key)
        return self._folder / tenant / key

    def _move_into_place(self, part: Path, path: Path) -> None:
        for _ in range(_ATTEMPTS):
            new = [folder for folder in (path.parent, *path.parent.parents) if not folder.exists()]
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                part.replace(path)
                break
            except (FileNotFoundError, FileExistsError, NotADirectoryError, IsADirectoryError):
                if path.is_dir() or any(folder.is_file() for folder in path.parents):
                    raise Permanent(
                        f"The object {path.name!r} cannot be written: its key is the folder of another object's, or "
                        "the other way round. Choose another key."
                    ) from None
                # Else a delete beside us removed the folder, which had become empty, or another put made it: again.
        else:
            raise Retryable(f"The folder of an object in {self._bucket!r} was removed again and again; try again.")
        for folder in (path.parent, *(made.parent for made in new)):
            _fsync_folder(folder)

    def _remove_abandoned(self) -> None:
        """Remove what processes left that died while they wrote."""
        for part in self._incoming.iterdir():
            with suppress(FileNotFoundError):
                if time.time() - part.stat().st_mtime > _ABANDONED_AFTER_S:
                    part.unlink()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise Retryable(
                f"The object store's bucket {self._bucket!r} cannot be used: {error.strerror or error}. "
                "See that its folder is there, may be written by Loupe, and has room on its disk."
            ) from error


def _fsync_folder(folder: Path) -> None:
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:  # what was written here is deleted again, so nothing is left to keep
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _walk(folder: Path, above: str, prefix: str) -> Iterator[str]:
    try:
        with os.scandir(folder) as found:
            names = sorted(entry.name + "/" if entry.is_dir() else entry.name for entry in found)
    except FileNotFoundError:
        return
    for name in names:
        key = above + name
        if name.endswith("/"):
            if key.startswith(prefix) or prefix.startswith(key):
                yield from _walk(folder / name, key, prefix)
        elif key.startswith(prefix):
            yield key
