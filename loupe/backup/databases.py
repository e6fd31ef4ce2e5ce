"""One database into a file and back: SQLite's by its own online copy, PostgreSQL's by pg_dump and pg_restore."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from sqlalchemy.engine import URL, make_url

from shared.errors import Permanent

SQLITE, POSTGRESQL = ".db", ".dump"


def suffix_of(url: str) -> str:
    """What the file of such a database is called after its name."""
    return SQLITE if make_url(url).get_backend_name() == "sqlite" else POSTGRESQL


def dump(url: str, file: Path) -> None:
    """The database as it is at one moment, while it is read and written. The file is its owner's alone.

    Raises `Permanent` when there is none, or no program that can do it.
    """
    file.unlink(missing_ok=True)
    os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        path = Path(parsed.database or "")
        if not path.is_file():
            raise Permanent(f"There is no database {path}. Was Loupe ever started here?")
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(file)) as target:
            source.backup(target)
        return
    _run("pg_dump", parsed, ["--format=custom", "--no-owner", "--no-privileges", f"--file={file}"])


def load(file: Path, url: str) -> None:
    """Make the database what the file holds; a PostgreSQL server has the (empty) database already.

    Raises `Permanent` when the file is of the other kind of database, or it cannot be done.
    """
    if file.suffix != suffix_of(url):
        raise Permanent(f"{file.name} is of another kind of database. Restore it where there is one of its kind.")
    parsed = make_url(url)
    if file.suffix == SQLITE:
        path = Path(parsed.database or "")
        for left in ("-wal", "-shm"):  # of a database that was there before: they would be read into this one
            path.with_name(path.name + left).unlink(missing_ok=True)
        partial = path.with_name(path.name + ".partial")
        shutil.copyfile(file, partial)
        partial.chmod(0o600)
        partial.replace(path)
        return
    rules = ["--clean", "--if-exists", "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error"]
    _run("pg_restore", parsed, rules, str(file))


def _run(program: str, url: URL, options: Sequence[str], *arguments: str) -> None:
    """The password goes by environment, so that no process list shows it."""
    found = shutil.which(program)
    if not found:
        raise Permanent(f"There is no {program} on this machine. On Debian: apt-get install postgresql-client")
    where = [f"--host={url.host}", f"--port={url.port or 5432}", f"--username={url.username}"]
    command = [found, *where, f"--dbname={url.database}", "--no-password", *options, *arguments]
    done = subprocess.run(
        command, env={**os.environ, "PGPASSWORD": str(url.password or "")}, capture_output=True, text=True
    )
    if done.returncode:
        raise Permanent(f"{program} ended with status {done.returncode}: {done.stderr.strip()[-500:]}")
