"""The page on webhooks, followed by a shop that has nothing of ours."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from tests.support.broker import free_port
from tests.support.gateway import picture, running_gateway
from tests.support.receiving import admin, dispatching
from tests.support.selling import indexed, stored
from tests.support.shops import running
from tests.support.snippets import openapi_examples, run_alone, snippet
from tests.support.upstreams import served
from tests.support.waiting import until

PAGE = "docs/webhooks.md"


def test_a_shop_follows_the_page_from_making_a_webhook_to_sending_again(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / ".curlrc").write_text("fail-with-body\nsilent\nshow-error\n")
    with (
        running_gateway(tmp_path, outward_allow=["127.0.0.0/8"]) as stand,
        running(dispatching(stand)),
        served(stand.service.http) as address,
    ):
        key = admin(stand)["Authorization"].removeprefix("Bearer ")
        known = {"HOME": str(tmp_path), "API": f"{address}/v1", "KEY": key}

        def ran(holding: str, **more: str) -> list[dict[str, Any]]:
            """The answers of the calls in a block."""
            said = run_alone(snippet(PAGE, "sh", holding), "sh", tmp_path, **known, **more)
            return [json.loads(one) for one in said.replace("}{", "}\n{").splitlines()]

        (made,) = ran("RECEIVER", RECEIVER=f"http://127.0.0.1:{port}/loupe")
        known["WEBHOOK"] = made["webhook_id"]
        code, log = snippet(PAGE, "python", "standardwebhooks"), tmp_path / "received"
        environment = {"WEBHOOK_SECRET": made["secret"], "PORT": str(port)}
        with log.open("wb") as out, _started([sys.executable, "-I", "-c", code], out, tmp_path, environment):
            until(lambda: _answers(port), "the receiver is up")
            ran("/test")
            until(lambda: "loupe.webhook.test" in log.read_text(), "the test event arrives")
            stand.put_item()
            stand.upload("RING-1", picture())
            stand.handle(indexed(stored(stand)))
            until(lambda: "loupe.image.indexed" in log.read_text(), "what became of the picture arrives")
        (delivery,) = [
            each
            for each in stand.parts.deliveries.list("shop", made["webhook_id"], None, None, 10)
            if each[1].type == "loupe.image.indexed"
        ]
        enabled, failed, again = ran("redeliver", DELIVERY=delivery[1].delivery_id)
        assert (enabled["enabled"], failed["deliveries"]) == (True, [])
        assert again["state"] == "waiting"


def test_the_example_of_the_openapi_document_is_taken(tmp_path: Path) -> None:
    with running_gateway(tmp_path) as stand:
        document = stand.client.get("/openapi.json").json()
        header = admin(stand)
        ((_, webhook),) = openapi_examples(document, "/v1/webhooks", "post")
        made = stand.client.post("/v1/webhooks", json=webhook, headers=header)
        assert made.status_code == 201, made.text
        ((_, change),) = openapi_examples(document, "/v1/webhooks/{webhook_id}", "patch")
        assert stand.client.patch(made.headers["location"], json=change, headers=header).is_success


@contextmanager
def _started(command: list[str], out: IO[bytes], folder: Path, environment: dict[str, str]) -> Iterator[None]:
    with subprocess.Popen(command, stdout=out, cwd=folder, env=environment) as process:
        try:
            yield
        finally:
            process.kill()


def _answers(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0
