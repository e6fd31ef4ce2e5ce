"""The operator's board over Debian's Prometheus, which scrapes the running services by our own configuration."""

from __future__ import annotations

import json
import math
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import yaml

from tests.support.broker import free_port
from tests.support.pictures import drawing
from tests.support.stack import RunningStack
from tests.support.waiting import until

DEPLOY = Path(__file__).parents[2] / "deploy"
BOARD = DEPLOY / "grafana/boards/loupe.json"
RATE_INTERVAL = "1m"


@pytest.fixture
def prometheus(process_stack: RunningStack, tmp_path: Path) -> Iterator[httpx.Client]:
    """Prometheus by our configuration, its DNS names replaced by where the services of this stack listen."""
    config = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text())
    config["global"] |= {"scrape_interval": "1s", "scrape_timeout": "1s"}
    for job in config["scrape_configs"]:
        del job["dns_sd_configs"]
        job["static_configs"] = [{"targets": [f"127.0.0.1:{process_stack.ports[job['job_name']]}"]}]
    file = tmp_path / "prometheus.yml"
    file.write_text(yaml.safe_dump(config))
    address = f"127.0.0.1:{free_port()}"
    options = [f"--config.file={file}", f"--storage.tsdb.path={tmp_path / 'data'}", f"--web.listen-address={address}"]
    with (tmp_path / "prometheus.log").open("wb") as log:
        running = subprocess.Popen(["prometheus", *options], stdout=log, stderr=log)
    try:
        with httpx.Client(base_url=f"http://{address}") as client:
            until(lambda: ready(client), "Prometheus is ready")
            yield client
    finally:
        running.terminate()
        running.wait()


def ready(client: httpx.Client) -> bool:
    try:
        return client.get("/-/ready").is_success
    except httpx.TransportError:
        return False


def panels() -> list[dict[str, Any]]:
    return [panel for panel in json.loads(BOARD.read_text())["panels"] if panel["type"] != "row"]


def values(prometheus: httpx.Client, expression: str) -> list[float]:
    """What an expression of a panel gives at this moment."""
    asked = expression.replace("$__rate_interval", RATE_INTERVAL)
    answer = prometheus.get("/api/v1/query", params={"query": asked}).json()
    assert answer["status"] == "success", f"{expression}: {answer}"
    return [float(series["value"][1]) for series in answer["data"]["result"]]


def without_data(prometheus: httpx.Client) -> set[str]:
    expressions = {target["expr"] for panel in panels() for target in panel["targets"]}
    return {e for e in expressions if not any(math.isfinite(value) for value in values(prometheus, e))}


def work(stack: RunningStack, number: int) -> None:
    """Some of everything: pictures, good and bad; searches, suggestions, events; a question for what is not there."""
    sku = f"BOARD-{uuid4().hex[:8]}"
    with stack.api as api:
        api.put(f"/v1/items/{sku}", json={"title": "For the board"}).raise_for_status()
        for data in (drawing(9000 + number), drawing(9000 + number)[:3000]):
            accepted = api.post(f"/v1/items/{sku}/images", files={"file": ("p.jpg", data, "image/jpeg")})
            status_url = accepted.raise_for_status().json()["status_url"]
            until(lambda: api.get(status_url).json()["state"] in ("indexed", "rejected"), "the picture has an outcome")  # noqa: B023
        for _ in range(2):
            api.post("/v1/search", files={"image": ("p.jpg", drawing(number), "image/jpeg")}).raise_for_status()
        event = {
            "id": uuid4().hex,
            "type": "clicked",
            "user_id": "board",
            "sku": sku,
            "at": datetime.now(UTC).isoformat(),
            "position": number % 5,
        }
        api.post("/v1/events", json={"events": [event]}).raise_for_status()
        api.get("/v1/users/board/suggestions").raise_for_status()
        assert api.get("/v1/items/NOT-THERE").status_code == 404
        api.delete(f"/v1/items/{sku}").raise_for_status()


def test_every_expression_of_the_board_returns_data_once_pictures_and_searches_went_through(
    prometheus: httpx.Client, process_stack: RunningStack
) -> None:
    until(lambda: values(prometheus, "up") == [1] * 5, "every service is scraped")
    webhook = {"url": "https://nobody.invalid/", "types": ["*"]}
    with process_stack.api as api:
        api.post("/v1/webhooks", json=webhook).raise_for_status()
    for number in range(30):
        work(process_stack, number)
        if not (empty := without_data(prometheus)):
            break
    assert empty == set()


def test_a_service_that_is_down_shows_on_the_board(prometheus: httpx.Client, process_stack: RunningStack) -> None:
    (services,) = (panel for panel in panels() if panel["title"] == "Services")
    (up,) = (target["expr"] for target in services["targets"])
    until(lambda: values(prometheus, up) == [1] * 5, "every service is scraped")
    (recommender,) = process_stack.children("recommender")
    recommender.suspend()
    try:
        until(lambda: sorted(values(prometheus, up)) == [0, 1, 1, 1, 1], "the one that hangs is seen")
    finally:
        recommender.resume()  # others use this stack
    until(lambda: values(prometheus, up) == [1] * 5, "and that it is back")


def test_every_panel_says_what_it_shows_in_which_unit_and_what_to_do() -> None:
    source = yaml.safe_load((DEPLOY / "grafana/provisioning/datasources/prometheus.yml").read_text())["datasources"][0]
    for panel in panels():
        assert panel["title"]
        assert len(panel["description"]) > 20, panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert panel["datasource"]["uid"] == source["uid"], panel["title"]
