"""A gateway over real parts: a database, and an object store in a folder."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from sqlalchemy import select
from starlette.testclient import TestClient

from services.gateway import main, tenants
from services.gateway.access import Parts
from services.gateway.settings import Settings
from services.gateway.tables import MIGRATIONS, OUTBOX
from services.gateway.tables import Image as ImageRow
from shared import database, messaging, objectstore
from shared.contracts.analysis import Box
from shared.contracts.messages import Message
from shared.contracts.routes import MESSAGES
from shared.service import Service
from tests.support.databases import migrated
from tests.support.upstreams import Upstreams, analysis

SECRET = "a secret for tests only"
KEY = "key-of-the-shop"
OTHER_KEY = "key-of-another-shop"
NOBODY = "redis://127.0.0.1:1/0"


@dataclass
class Stand:
    """The gateway under test; `client` holds the key of the shop `shop`."""

    service: Service
    client: TestClient
    folder: Path
    catalogue: database.Database
    upstreams: Upstreams

    @property
    def parts(self) -> Parts:
        parts: Parts = self.service.http.state.parts
        return parts

    def handle(self, message: Message) -> None:
        self.service.handlers[type(message)](message)

    def waiting(self) -> list[Message]:
        """What is in the outbox, oldest first."""
        with self.catalogue.read() as session:
            rows = session.execute(select(OUTBOX.table).order_by(OUTBOX.table.c.id)).all()
        return [MESSAGES[row.message].model_validate(row.payload) for row in rows]

    def pictures(self) -> int:
        """How many picture rows and picture files there are together."""
        with self.catalogue.read() as session:
            rows = len(session.execute(select(ImageRow.image_id)).all())
        return rows + sum(path.is_file() for path in (self.folder / "objects" / "pictures").rglob("*"))

    def put_item(self, sku: str = "RING-1", **fields: Any) -> dict[str, Any]:
        response = self.client.put(f"/v1/items/{sku}", json={"title": f"Title of {sku}"} | fields)
        assert response.status_code in (200, 201), response.text
        body: dict[str, Any] = response.json()
        return body

    def upload(self, sku: str, data: bytes, kind: str = "image/jpeg") -> str:
        response = self.client.post(f"/v1/items/{sku}/images", files={"file": ("a.jpg", data, kind)})
        assert response.status_code == 202, response.text
        return str(response.json()["image_id"])

    def analysed(self, sha256: str, boxes: Sequence[Box] = (Box(),)) -> None:
        key = f"{sha256}/model-1.json"
        objectstore.open(f"file://{self.folder}/objects", "analyses").put(
            "shop", key, analysis(sha256, boxes=boxes).model_dump_json().encode()
        )


@contextmanager
def running_gateway(
    folder: Path, upstreams: Upstreams | None = None, *, database_url: str = "", **settings: Any
) -> Iterator[Stand]:
    """On SQLite in `folder` when no database is named. Without `upstreams` nobody answers where they should be."""
    upstreams = upstreams or Upstreams()
    database_url = migrated(database_url or f"sqlite:///{folder}/gateway.db", MIGRATIONS)
    with ExitStack() as stack:
        given: dict[str, Any] = {
            "broker_url": NOBODY,
            "object_store_url": f"file://{folder}/objects",
            "database_url": database_url,
            "embedder_url": upstreams.embedder_url,
            "recommender_url": upstreams.recommender_url,
            "indexer_url": upstreams.indexer_url,
            "secret": SECRET,
            "rate_limit_url": "memory://",
        }
        chosen = Settings(**given | settings)
        broker = messaging.open(chosen.broker_url, "gateway")
        stack.callback(broker.close)
        service = main.build(chosen, broker)
        stack.callback(service.close)
        catalogue = database.open(database_url)
        stack.callback(catalogue.close)
        tenants.ensure_key(catalogue, SECRET, "shop", KEY)
        tenants.ensure_key(catalogue, SECRET, "other", OTHER_KEY)
        client = stack.enter_context(
            TestClient(service.http, base_url="http://localhost", headers={"Authorization": f"Bearer {KEY}"})
        )
        yield Stand(service, client, folder, catalogue, upstreams)


def picture(seed: int = 0, kind: str = "JPEG", size: tuple[int, int] = (48, 40)) -> bytes:
    """A small picture of noise, the same for the same seed."""
    noise = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, kind)
    return buffer.getvalue()
