"""Each service a process of its own, on servers as production has them: all on 127.0.0.1, all state in one folder."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from deploy.local.home import TENANT, Home
from deploy.local.launch import ENVIRONMENT, Plan, free_ports, python
from deploy.local.supervisor import SECONDS_TO_STOP, Child
from deploy.processes import servers
from deploy.processes.servers import Server
from shared import database, messaging, objectstore
from shared.errors import Permanent, Retryable

_VECTOR_SERVER = "tests.support.qdrant_server"
_SECONDS_TO_ANSWER = 60.0
_LOOK_SECONDS = 0.2
_OWN_DATABASE = ("gateway", "indexer", "recommender", "inventory", "authenticity")


def plan(home: Home, port: int, vector_store_url: str | None) -> Plan:
    """redis-server, PostgreSQL, an object store of MinIO's protocol and a vector server; then the six services.

    `vector_store_url` is a Qdrant server's; without one, a stand-in for it is started. Raises `Permanent` naming the
    Debian package that is missing.
    """
    logs, state = home.folder("logs"), home.folder("servers")
    embedder, indexer, recommender, inventory, authenticity, *others = free_ports(8)
    ports = {
        "gateway": port,
        "embedder": embedder,
        "indexer": indexer,
        "recommender": recommender,
        "inventory": inventory,
        "authenticity": authenticity,
    }
    broker = servers.redis(state / "broker", home.broker_port(), home.secret("broker"))
    objects, catalogue = _stores(home, others[0], others[1])
    vectors = [] if vector_store_url else [_vector_server(state / "vectors", others[2], home.secret("vectors"))]
    vectors_url = vector_store_url or vectors[0].url
    urls = {"BROKER_URL": broker.url, "OBJECT_STORE_URL": objects.url, "VECTOR_STORE_URL": vectors_url}
    shared = urls | {"INTERNAL_SECRET": home.internal_secret}

    def service(name: str, **own: str) -> Child:
        prefix = name.upper()
        environment = shared | {
            f"{prefix}_PORT": str(ports[name]),
            f"{prefix}_SOLE_WORKER": "true",
            **ENVIRONMENT,
            **({"DATABASE_URL": f"{catalogue.url}/{name}"} if name in _OWN_DATABASE else {}),
            **own,
        }
        return Child(name, python(f"services.{name}.main"), environment, logs / f"{name}.log", SECONDS_TO_STOP)

    shop_bus_url = home.note_shop_bus(broker.url)
    gateway = {
        "EMBEDDER_URL": f"http://127.0.0.1:{ports['embedder']}",
        "RECOMMENDER_URL": f"http://127.0.0.1:{ports['recommender']}",
        "INDEXER_URL": f"http://127.0.0.1:{ports['indexer']}",
        "INVENTORY_URL": f"http://127.0.0.1:{ports['inventory']}",
        "AUTHENTICITY_URL": f"http://127.0.0.1:{ports['authenticity']}",
        "SHOP_BUS_URL": shop_bus_url,
        "GATEWAY_SECRET": home.secret("gateway"),
        "GATEWAY_RECEIPT_KEY": home.secret("receipt-key"),
        "GATEWAY_BLOCK_LIST_FILE": str(state / "forgotten.jsonl"),
        "GATEWAY_PAGE_TENANT": TENANT,
        "GATEWAY_PAGE_KEY": home.api_key_file.read_text().strip(),
    }

    def check() -> None:
        _ping_broker(broker.url)
        _ping(f"{catalogue.url}/gateway", objects.url)
        for server in vectors:
            _ask(f"http://{urlsplit(server.url).netloc}/readyz")

    started = [broker, objects, catalogue, *vectors]
    return Plan(
        servers=[replace(server.child, log=logs / f"{server.child.name}.log") for server in started],
        services=[
            replace(service("embedder"), defaults=home.embedder_defaults),
            service("indexer"),
            service("recommender"),
            service("inventory", EMBEDDER_URL=gateway["EMBEDDER_URL"]),
            service(
                "authenticity",
                EMBEDDER_URL=gateway["EMBEDDER_URL"],
                AUTHENTICITY_SIGNING_KEY=home.secret("signing-key"),
            ),
            service("gateway", **gateway),
        ],
        facts={
            "broker_url": broker.url,
            "catalogue_url": f"{catalogue.url}/gateway",
            "object_store_url": objects.url,
            "shop_bus_url": shop_bus_url,
            "vector_store_url": vectors_url,
            "ports": ports,
        },
        check_servers=check,
    )


@contextmanager
def stores(home: Home) -> Iterator[tuple[str, str]]:
    """The object store and PostgreSQL of the stack over this home, alone, made where they are not there yet.

    Their URLs, to the second of which `/database` is to be added; they run until it is left. For when nothing else of
    the stack runs. Raises `Retryable` when they do not answer in time.
    """
    both = _stores(home, *free_ports(2))
    logs = home.folder("logs")
    children = [replace(server.child, log=logs / f"{server.child.name}.log") for server in both]
    objects, catalogue = (server.url for server in both)
    try:
        for child in children:
            child.start()
        _wait_for(catalogue, objects)
        yield objects, catalogue
    finally:
        for child in children:
            child.ask_to_stop()
        for child in children:
            child.ended_in_time()


def _stores(home: Home, objects_port: int, catalogue_port: int) -> tuple[Server, Server]:
    state = home.folder("servers")
    return (
        servers.object_store(state / "objects", objects_port, home.secret("object-store")),
        servers.postgresql(state / "postgresql", catalogue_port, home.secret("postgresql"), _OWN_DATABASE),
    )


def _wait_for(catalogue: str, objects: str) -> None:
    deadline = time.monotonic() + _SECONDS_TO_ANSWER
    while True:
        try:
            return _ping(f"{catalogue}/gateway", objects)
        except Retryable:
            if time.monotonic() > deadline:
                raise
            time.sleep(_LOOK_SECONDS)


def _vector_server(folder: Path, port: int, key: str) -> Server:
    if not importlib.util.find_spec(_VECTOR_SERVER):
        raise Permanent(
            "No Qdrant server: set VECTOR_STORE_URL=qdrant://host:6333. (The stand-in is only in a checkout of Loupe.)"
        )
    command = [*python(_VECTOR_SERVER), "--port", str(port), "--folder", str(folder)]
    environment = {"QDRANT__SERVICE__API_KEY": key}
    child = Child("vectors", command, environment, folder / "vectors.log", 3)
    return Server(child, f"qdrant://127.0.0.1:{port}?api_key={key}")


def _ping_broker(url: str) -> None:
    broker = messaging.open(url, "supervisor")
    try:
        broker.ping()
    finally:
        broker.close()


def _ping(database_url: str, object_store_url: str) -> None:
    catalogue = database.open(database_url)
    try:
        catalogue.ping()
        objectstore.open(object_store_url, "pictures").ping()
    finally:
        catalogue.close()


def _ask(url: str) -> None:
    try:
        httpx.get(url, timeout=2).raise_for_status()
    except httpx.HTTPError as error:
        raise Retryable(f"{url} does not answer ({type(error).__name__}).") from error
