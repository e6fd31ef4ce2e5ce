"""A backup of what runs."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

from loupe.backup import databases, manifest
from loupe.backup.manifest import OF_HOME, Manifest
from loupe.backup.objects import BUCKETS, mirror
from loupe.backup.places import DATABASES, Place
from services.gateway.tenants import list_tenants
from shared import database, objectstore


def take(where: Place, folder: Path) -> tuple[Manifest, int]:
    """Copy databases, then objects, into `folder`; what it is, and how many objects were copied.

    An object is there before the row that tells of it, and outlives the row by the grace period: so of each row in the
    copy the object is found.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    started = datetime.now(UTC)
    files = {name: name + databases.suffix_of(where.databases[name]) for name in DATABASES}
    for name, file in files.items():
        databases.dump(where.databases[name], folder / f"{file}.new")
    tenants = _tenants(where)
    manifest.forget(folder)
    copied = sum(
        mirror(objectstore.open(where.objects, bucket), manifest.kept(folder, bucket), tenant)
        for bucket in BUCKETS
        for tenant in tenants
    )
    for file in files.values():
        (folder / f"{file}.new").replace(folder / file)
    if where.home:
        _copy_home(where.home.path, folder / "home")
    made = Manifest(
        made_at=started,
        files=files,
        hashes={name: manifest.hash_of(folder / file) for name, file in files.items()},
        tenants=tenants,
        home=str(where.home.path) if where.home else None,
    )
    manifest.write(folder, made)
    return made, copied


def _tenants(where: Place) -> list[str]:
    catalogue = database.open(where.databases["gateway"])
    try:
        return [shop.tenant for shop in list_tenants(catalogue)]
    finally:
        catalogue.close()


def _copy_home(home: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(mode=0o700)
    for name in OF_HOME:
        copy_tree(home / name, target / name)


def copy_tree(source: Path, target: Path) -> None:
    """A file or a folder with all in it, if it is there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    elif source.exists():
        shutil.copy2(source, target)
