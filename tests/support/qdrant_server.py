"""A stand-in for a Qdrant server: exactly the REST calls that we make, over the Python client's own engine in a folder.

`python -m tests.support.qdrant_server --port 6333 --folder F`; a key comes by QDRANT__SERVICE__API_KEY

It lets the remote path run across processes, with time-outs, errors and restarts, where no real server can be had. It
proves wiring only: its engine is plain Python, so no figure of speed or recall may be drawn from it. It speaks no gRPC.
Each point is committed to a file of its collection before its call is answered, so it may be killed at any time.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from qdrant_client import QdrantClient, models

from tests.support.broker import free_port

KEY = "QDRANT__SERVICE__API_KEY"


def app_over(folder: Path, api_key: str | None) -> FastAPI:
    warnings.filterwarnings("ignore", "Payload indexes have no effect in the local Qdrant")
    warnings.filterwarnings("ignore", "Local mode performs exact")
    client = QdrantClient(path=str(folder), force_disable_check_same_thread=True)
    lock = threading.RLock()
    spread: dict[str, dict[str, int]] = {}

    def authorised(request: Request) -> None:
        if api_key and request.url.path != "/readyz" and request.headers.get("api-key") != api_key:
            raise HTTPException(401, "Must provide an API key")

    app = FastAPI(dependencies=[Depends(authorised)])

    @app.exception_handler(ValueError)
    async def refused(_request: Request, error: ValueError) -> JSONResponse:
        status = 404 if str(error).endswith("not found") else 409 if "already exists" in str(error) else 400
        return JSONResponse({"status": {"error": str(error)}, "time": 0}, status)

    def call(work: Callable[[], Any]) -> dict[str, Any]:
        with lock:
            return {"result": work(), "status": "ok", "time": 0}

    def done(work: Callable[[], Any]) -> dict[str, Any]:
        return call(lambda: (work(), {"operation_id": 0, "status": "completed"})[1])

    @app.get("/readyz")
    def ready() -> str:
        return "all shards are ready"

    @app.get("/collections")
    def collections() -> Any:
        return call(client.get_collections)

    @app.get("/collections/{name}/exists")
    def exists(name: str) -> Any:
        return call(lambda: {"exists": client.collection_exists(name)})

    @app.get("/collections/{name}")
    def describe(name: str) -> Any:
        def described() -> models.CollectionInfo:
            info = client.get_collection(name)
            info.config.params = info.config.params.model_copy(update=spread.get(name, {}))
            return info

        return call(described)

    @app.put("/collections/{name}")
    def create(name: str, body: models.CreateCollection) -> Any:
        told = ("shard_number", "replication_factor", "write_consistency_factor")
        spread[name] = body.model_dump(include=set(told), exclude_none=True)
        return call(
            lambda: client.create_collection(
                name, body.vectors, sparse_vectors_config=body.sparse_vectors, metadata=body.metadata
            )
        )

    @app.patch("/collections/{name}")
    def update(name: str, body: models.UpdateCollection) -> Any:
        return call(lambda: client.update_collection(name, metadata=body.metadata))

    @app.delete("/collections/{name}")
    def drop(name: str) -> Any:
        return call(lambda: client.delete_collection(name))

    @app.put("/collections/{name}/index")
    def index(name: str, body: models.CreateFieldIndex) -> Any:
        return done(lambda: client.create_payload_index(name, body.field_name, body.field_schema))

    @app.get("/aliases")
    def aliases() -> Any:
        return call(client.get_aliases)

    @app.post("/collections/aliases")
    def change_aliases(body: models.ChangeAliasesOperation) -> Any:
        return call(lambda: client.update_collection_aliases(body.actions))

    @app.post("/collections/{name}/points")
    def retrieve(name: str, body: models.PointRequest) -> Any:
        return call(lambda: client.retrieve(name, body.ids, body.with_payload or True, body.with_vector or False))

    @app.post("/collections/{name}/points/batch")
    def write(name: str, body: models.UpdateOperations) -> Any:
        return call(lambda: client.batch_update_points(name, body.operations))

    @app.post("/collections/{name}/points/query")
    def query(name: str, body: models.QueryRequest) -> Any:
        return call(
            lambda: client.query_points(
                name,
                body.query,
                using=body.using,
                query_filter=body.filter,
                search_params=body.params,
                limit=body.limit or 10,
                with_payload=body.with_payload or False,
                with_vectors=body.with_vector or False,
            )
        )

    @app.post("/collections/{name}/points/scroll")
    def scroll(name: str, body: models.ScrollRequest) -> Any:
        def page() -> Any:
            points, following = client.scroll(
                name,
                body.filter,
                body.limit or 10,
                order_by=body.order_by,
                offset=body.offset,
                with_payload=body.with_payload is not False,
                with_vectors=body.with_vector or False,
            )
            return {"points": points, "next_page_offset": following}

        return call(page)

    @app.post("/collections/{name}/points/count")
    def count(name: str, body: models.CountRequest) -> Any:
        return call(lambda: client.count(name, body.filter, exact=True))

    @app.post("/collections/{name}/facet")
    def facet(name: str, body: models.FacetRequest) -> Any:
        return call(lambda: client.facet(name, body.key, body.filter, body.limit or 10, exact=True))

    return app


class RunningQdrant:
    """The stand-in as a process of its own, which a test may stop, kill and start again over the same folder."""

    def __init__(self, folder: Path, api_key: str | None = None) -> None:
        self.port = free_port()
        self.url = f"qdrant://127.0.0.1:{self.port}"
        self._command = [sys.executable, "-m", __name__, "--port", str(self.port), "--folder", str(folder)]
        self._environment = os.environ | ({KEY: api_key} if api_key else {})
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(self._command, env=self._environment, stdout=subprocess.PIPE)
        assert self.process.stdout
        assert self.process.stdout.readline() == b"ready\n"

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait()


class _Server(uvicorn.Server):
    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        if self.started:
            sys.stdout.write("ready\n")
            sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    given = parser.parse_args()
    app = app_over(given.folder, os.environ.get(KEY))
    _Server(uvicorn.Config(app, host=given.host, port=given.port, log_level="warning")).run()


if __name__ == "__main__":
    main()
