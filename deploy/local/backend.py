"""One process with all services but the embedder: it alone opens the embedded vector engine."""

from __future__ import annotations

from pathlib import Path

from pydantic_settings import BaseSettings

from deploy.local.home import TENANT, Home
from services.authenticity import main as authenticity
from services.authenticity.settings import Settings as AuthenticitySettings
from services.gateway import main as gateway
from services.gateway.settings import Settings as GatewaySettings
from services.indexer import main as indexer
from services.indexer.settings import Settings as IndexerSettings
from services.inventory import main as inventory
from services.inventory.settings import Settings as InventorySettings
from services.recommender import main as recommender
from services.recommender.settings import Settings as RecommenderSettings
from shared import messaging
from shared.observability import logs, traces
from shared.service import run

ROLE = "backend"
_THREADS = 8


class Settings(BaseSettings):
    """Set by the stack for this process."""

    loupe_home: Path
    port: int
    broker_url: str
    embedder_url: str
    indexer_port: int
    recommender_port: int
    inventory_port: int
    authenticity_port: int
    shop_bus_url: str
    otel_exporter_otlp_endpoint: str | None = None


def main() -> None:
    settings = Settings()
    logs.configure(ROLE)
    traces.configure(settings.otel_exporter_otlp_endpoint)
    home = Home.at(settings.loupe_home)
    broker = messaging.open(settings.broker_url, ROLE)
    services = [
        indexer.build(
            IndexerSettings(
                broker_url=settings.broker_url,
                object_store_url=home.objects_url,
                vector_store_url=home.vectors_url,
                database_url=home.database_url("indexer"),
                port=settings.indexer_port,
                internal_secret=home.internal_secret,
            ),
            broker,
        ),
        recommender.build(
            RecommenderSettings(
                broker_url=settings.broker_url,
                vector_store_url=home.vectors_url,
                database_url=home.database_url("recommender"),
                port=settings.recommender_port,
                internal_secret=home.internal_secret,
            ),
            broker,
        ),
        inventory.build(
            InventorySettings(
                broker_url=settings.broker_url,
                object_store_url=home.objects_url,
                database_url=home.database_url("inventory"),
                embedder_url=settings.embedder_url,
                port=settings.inventory_port,
                internal_secret=home.internal_secret,
            ),
            broker,
        ),
        authenticity.build(
            AuthenticitySettings(
                broker_url=settings.broker_url,
                object_store_url=home.objects_url,
                database_url=home.database_url("authenticity"),
                embedder_url=settings.embedder_url,
                port=settings.authenticity_port,
                internal_secret=home.internal_secret,
                signing_key=home.secret("signing-key"),
            ),
            broker,
        ),
        gateway.build(
            GatewaySettings(
                broker_url=settings.broker_url,
                object_store_url=home.objects_url,
                database_url=home.database_url("gateway"),
                embedder_url=settings.embedder_url,
                recommender_url=f"http://127.0.0.1:{settings.recommender_port}",
                indexer_url=f"http://127.0.0.1:{settings.indexer_port}",
                inventory_url=f"http://127.0.0.1:{settings.inventory_port}",
                authenticity_url=f"http://127.0.0.1:{settings.authenticity_port}",
                port=settings.port,
                shop_bus_url=settings.shop_bus_url,
                secret=home.secret("gateway"),
                internal_secret=home.internal_secret,
                receipt_key=home.secret("receipt-key"),
                block_list_file=home.path / "forgotten.jsonl",
                page_tenant=TENANT,
                page_key=home.api_key_file.read_text().strip(),
                sole_worker=True,
            ),
            broker,
        ),
    ]
    run(services, broker, _THREADS, sole_worker=True)


if __name__ == "__main__":
    main()
