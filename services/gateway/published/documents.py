"""The documents that are committed in `docs/contracts`."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from services.gateway.main import build
from services.gateway.published import asyncapi
from services.gateway.settings import Settings
from shared import messaging

_NOBODY_HERE = "http://127.0.0.1:1"


def openapi() -> dict[str, Any]:
    """The OpenAPI document of a gateway over an empty folder; nothing is asked of any other service."""
    with TemporaryDirectory() as folder:
        settings = Settings(
            broker_url="redis://127.0.0.1:1/0",
            database_url=f"sqlite:///{folder}/gateway.db",
            object_store_url=f"file://{folder}/objects",
            embedder_url=_NOBODY_HERE,
            recommender_url=_NOBODY_HERE,
            secret="of no gateway that runs",  # noqa: S106 - nothing is signed by it
            rate_limit_url="memory://",
        )
        broker = messaging.open(settings.broker_url, "gateway")
        service = build(settings, broker)
        try:
            document: dict[str, Any] = service.http.openapi()
        finally:
            service.close()
            broker.close()
    return document


def documents() -> dict[str, str]:
    """By file name, each document as it is committed."""
    made = {"asyncapi.json": asyncapi.document(), "openapi.json": openapi()}
    return {name: json.dumps(document, indent=1, ensure_ascii=False) + "\n" for name, document in made.items()}


def write(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in documents().items():
        (folder / name).write_text(text, encoding="utf-8")
