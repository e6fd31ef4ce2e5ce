"""A backup, put where there is nothing yet."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import inspect

from deploy.local.home import Home
from loupe.backup import databases, manifest
from loupe.backup.manifest import OF_HOME, Manifest
from loupe.backup.objects import BUCKETS, copy_all
from loupe.backup.places import DATABASES, Place, on_servers
from loupe.backup.taking import copy_tree
from services.gateway import restoring as of_catalogue
from services.indexer import restoring as of_index
from shared import database, objectstore
from shared.errors import Conflict

_OF_STACK = (
    *("gateway.db", "indexer.db", "recommender.db", "inventory.db", "authenticity.db"),
    *("objects", "vectors", "broker", "servers"),
)
_ON_SERVERS = ("servers/postgresql", "servers/objects")


def put_back(folder: Path, where: Place) -> Manifest:
    """Raises `Conflict` where something is already, or runs. Cut off in its middle, it can be done again.

    A backup of the stack of processes goes into servers of the new state folder, which are started for it.
    The list of who was erased is no part of a backup, and stays as it is where there is one.
    """
    made = manifest.read(folder)
    with ExitStack() as held:
        if home := where.home:
            held.enter_context(home.lock())
            _check_empty(home)
            home.restoring.touch()
            _put_home_back(folder / "home", home, made.home)
            where = held.enter_context(on_servers(home)) if made.of_servers else where
        else:
            _check_new(where.databases["gateway"])
        for bucket in BUCKETS:
            target = objectstore.open(where.objects, bucket)
            for tenant in made.tenants:
                copy_all(manifest.kept(folder, bucket), target, tenant)
        for name in sorted(DATABASES, key=lambda one: one == "gateway"):  # the last: that it is there says that all is
            if name not in made.files:  # a backup that is older than the service: it makes its database itself
                continue
            databases.load(folder / made.files[name], where.databases[name])
            _settle(name, where.databases[name])
        if home:
            home.restoring.unlink()
    return made


def _check_empty(home: Home) -> None:
    if home.restoring.exists():
        for name in _ON_SERVERS:  # of the one that was cut off: no stack has started over it
            shutil.rmtree(home.path / name, ignore_errors=True)
    if any((home.path / name).exists() for name in ("gateway.db", "vectors", *_ON_SERVERS)):
        raise Conflict(
            f"{home.path} holds a shop already. Restore into another LOUPE_HOME, or move these out of it "
            f"first: {', '.join(_OF_STACK)}."
        )


def _check_new(url: str) -> None:
    catalogue = database.open(url)
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
