"""The one-command stack: a supervisor with three children, all on 127.0.0.1, all state in one folder."""

from __future__ import annotations

import shutil
from pathlib import Path

from deploy.local import broker
from deploy.local.home import Home
from deploy.local.launch import ENVIRONMENT, Plan, free_ports, python
from deploy.local.supervisor import SECONDS_TO_STOP, Child

SAMPLE = Path(__file__).parent / "sample"
"""The catalogue that is shipped for a first look, rendered by our own lab: catalogue.csv and pictures/,
and movements.csv, the made-up sales of the weeks before."""


def plan(home: Home, port: int) -> Plan:
    """The broker, the embedder, and one process with the other services."""
    broker_port = home.broker_port()
    embedder_port, indexer_port, recommender_port, inventory_port, authenticity_port = free_ports(5)
    broker_url = f"redis://:{home.secret('broker')}@127.0.0.1:{broker_port}/0"
    shop_bus_url = home.note_shop_bus(broker_url)
    logs = home.folder("logs")
    metrics = home.path / "metrics"
    shutil.rmtree(metrics, ignore_errors=True)
    metrics.mkdir()
    shared = {
        "BROKER_URL": broker_url,
        "OBJECT_STORE_URL": home.objects_url,
        "INTERNAL_SECRET": home.internal_secret,
        "PROMETHEUS_MULTIPROC_DIR": str(metrics),
        **ENVIRONMENT,
    }
    embedder = {"EMBEDDER_PORT": str(embedder_port), "EMBEDDER_SOLE_WORKER": "true"}
    backend = {
        "LOUPE_HOME": str(home.path),
        "PORT": str(port),
        "EMBEDDER_URL": f"http://127.0.0.1:{embedder_port}",
        "INDEXER_PORT": str(indexer_port),
        "RECOMMENDER_PORT": str(recommender_port),
        "INVENTORY_PORT": str(inventory_port),
        "AUTHENTICITY_PORT": str(authenticity_port),
        "SHOP_BUS_URL": shop_bus_url,
    }
    valkey = broker.command(home.folder("broker"), broker_port, home.secret("broker"))
    return Plan(
        servers=[Child("broker", valkey, {}, logs / "broker.log", seconds_to_stop=2)],
        services=[
            Child(
                "embedder",
                python("services.embedder.main"),
                shared | embedder,
                logs / "embedder.log",
                seconds_to_stop=SECONDS_TO_STOP,
                defaults=home.embedder_defaults,
            ),
            Child("backend", python("deploy.local.backend"), shared | backend, logs / "backend.log", SECONDS_TO_STOP),
        ],
        facts={
            "broker_url": broker_url,
            "catalogue_url": home.database_url("gateway"),
            "object_store_url": home.objects_url,
            "shop_bus_url": shop_bus_url,
        },
    )
