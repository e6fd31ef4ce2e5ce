"""What makes a folder a whole backup."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ValidationError

from loupe.backup.databases import POSTGRESQL
from shared import objectstore
from shared.errors import NotFound, Permanent
from shared.objectstore import ObjectStore

_NAME = "backup.json"
_FORMAT = 1
OF_HOME = ("secrets", "api-key", "models", "model-dirs", "broker/users.acl")
"""What a state folder has besides databases and objects that cannot be made again; in the backup below `home`."""


class Manifest(BaseModel):
    """Written last. `files` are the databases' by service, `hashes` their SHA-256, `home` the state folder's path."""

    format: int = _FORMAT
    made_at: datetime
    files: dict[str, str]
    hashes: dict[str, str]
    tenants: list[str]
    home: str | None = None

    @property
    def of_servers(self) -> bool:
        """Whether its databases are PostgreSQL's, as those of the stack of processes."""
        return self.files["gateway"].endswith(POSTGRESQL)


def read(folder: Path) -> Manifest:
    """Raises `NotFound` where there is no whole backup, and `Permanent` where a database is not as it was written."""
    try:
        found = Manifest.model_validate_json((folder / _NAME).read_bytes())
    except (OSError, ValidationError) as error:
        raise NotFound(f"{folder} holds no whole backup: there is no {_NAME} that can be read.") from error
    if found.format != _FORMAT:
        raise Permanent(f"{folder} was made by another version of Loupe. Restore it with that one.")
    for name, file in found.files.items():
        if not (folder / file).is_file() or hash_of(folder / file) != found.hashes[name]:
            raise Permanent(f"{folder / file} is not as it was written. Take another backup.")
    return found


def write(folder: Path, manifest: Manifest) -> None:
    partial = folder / f"{_NAME}.new"
    partial.write_text(manifest.model_dump_json(indent=2) + "\n")
    partial.replace(folder / _NAME)


def forget(folder: Path) -> None:
    """Until it is written again the folder is no whole backup."""
    (folder / _NAME).unlink(missing_ok=True)


def kept(folder: Path, bucket: str) -> ObjectStore:
    """The objects of a backup: an object store of files."""
    return objectstore.open(f"file://{folder.absolute()}/objects", bucket)


def hash_of(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
