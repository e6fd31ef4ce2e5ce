"""A backup, put where there is nothing yet."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import inspect

from deploy.local.home import Home
from loupe.backup import databases, manifest
from loupe.backup.manifest import OF_HOME, Manifest
from loupe.backup.objects import BUCKETS, copy_all
from loupe.backup.places import DATABASES, Place
from loupe.backup.taking import copy_tree
from services.gateway import restoring as of_catalogue
from services.indexer import restoring as of_index
from shared import database, objectstore
from shared.errors import Conflict

_OF_STACK = (
    *("gateway.db", "indexer.db", "recommender.db", "inventory.db", "authenticity.db"),
    *("objects", "vectors", "broker"),
)


def put_back(folder: Path, where: Place) -> Manifest:
    """Raises `Conflict` where something is already, or runs. Cut off in its middle, it can be done again.

    The list of who was erased is no part of a backup, and stays as it is where there is one.
    """
    made = manifest.read(folder)
    with ExitStack() as held:
        if where.home:
            held.enter_context(where.home.lock())
        _check_empty(where)
        if where.home:
            _put_home_back(folder / "home", where.home, made.home)
        for bucket in BUCKETS:
            target = objectstore.open(where.objects, bucket)
            for tenant in made.tenants:
                copy_all(manifest.kept(folder, bucket), target, tenant)
        for name in sorted(DATABASES, key=lambda one: one == "gateway"):  # the last: that it is there says that all is
            if name not in made.files:  # a backup that is older than the service: it makes its database itself
                continue
            databases.load(folder / made.files[name], where.databases[name])
            _settle(name, where.databases[name])
    return made


def _check_empty(where: Place) -> None:
    if where.home:
        if any((where.home.path / name).exists() for name in ("gateway.db", "vectors")):
            raise Conflict(
                f"{where.home.path} holds a shop already. Restore into another LOUPE_HOME, or move these out of it "
                f"first: {', '.join(_OF_STACK)}."
            )
        return
    catalogue = database.open(where.databases["gateway"])
    try:
        if inspect(catalogue.engine).has_table("tenants"):
            raise Conflict("The gateway's database holds a shop already. Restore into new, empty databases.")
    finally:
        catalogue.close()


def _settle(name: str, url: str) -> None:
    """Restored databases know of an index that is not there."""
    after = {"gateway": of_catalogue.after_restore, "indexer": of_index.after_restore}.get(name)
    if after is None:
        return
    opened = database.open(url)
    try:
        after(opened)
    finally:
        opened.close()


def _put_home_back(source: Path, home: Home, was: str | None) -> None:
    for name in OF_HOME:
        copy_tree(source / name, home.path / name)
    if was and (folders := home.model_dirs):
        home.load_models([Path(folder.replace(was, str(home.path), 1)) for folder in folders])
