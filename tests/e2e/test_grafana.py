"""The operator's board and alerts over Debian's Prometheus and Alertmanager, by our own configuration."""

from __future__ import annotations

import json
import math
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from deploy.grafana.__main__ import files
from tests.support.broker import free_port
from tests.support.day import open_shop, verify, work
from tests.support.receiving import Receiver, receiving
from tests.support.stack import RunningStack
from tests.support.waiting import until

DEPLOY = Path(__file__).parents[2] / "deploy"
BOARDS = DEPLOY / "grafana/boards"
ALERTS = DEPLOY / "prometheus/alerts.yml"
RATE_INTERVAL = "1m"
METRIC = re.compile(r"loupe_[a-z_]+")
ENDINGS = ("", "_bucket", "_sum", "_count")


@pytest.fixture
def on_call() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def alertmanager(tmp_path: Path, on_call: Receiver) -> Iterator[str]:
    """The address of Alertmanager by our configuration without its pauses; the receiver here is on call."""
    config = yaml.safe_load((DEPLOY / "prometheus/alertmanager.yml").read_text())
    config["route"] |= {"group_wait": "0s", "group_interval": "1s"}
    for receiver in config["receivers"]:
        for webhook in receiver["webhook_configs"]:
            del webhook["url_file"]  # Debian's is older than that setting
            webhook["url"] = f"{on_call.url}/{receiver['name']}"
    file = tmp_path / "alertmanager.yml"
    file.write_text(yaml.safe_dump(config))
    address = f"127.0.0.1:{free_port()}"
    options = [f"--config.file={file}", f"--storage.path={tmp_path / 'alerts'}", f"--web.listen-address={address}"]
    with running(["prometheus-alertmanager", *options, "--cluster.listen-address="], address, tmp_path):
        yield address


@pytest.fixture
def prometheus(process_stack: RunningStack, alertmanager: str, tmp_path: Path) -> Iterator[httpx.Client]:
    """Prometheus by our configuration, its DNS names replaced by where the services of this stack listen, and
    its alerts without the minutes that they wait."""
    config = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text())
    config["global"] |= {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
    for job in config["scrape_configs"]:
        del job["dns_sd_configs"]
        job["static_configs"] = [{"targets": [f"127.0.0.1:{process_stack.ports[job['job_name']]}"]}]
    config["alerting"]["alertmanagers"] = [{"static_configs": [{"targets": [alertmanager]}]}]
    rules = yaml.safe_load(ALERTS.read_text())
    for rule in (rule for group in rules["groups"] for rule in group["rules"]):
        rule["for"] = "2s"
    (tmp_path / "alerts.yml").write_text(yaml.safe_dump(rules))
    file = tmp_path / "prometheus.yml"
    file.write_text(yaml.safe_dump(config))
    address = f"127.0.0.1:{free_port()}"
    options = [f"--config.file={file}", f"--storage.tsdb.path={tmp_path / 'data'}", f"--web.listen-address={address}"]
    with running(["prometheus", *options], address, tmp_path) as client:
        yield client


@contextmanager
def running(command: list[str], address: str, folder: Path) -> Iterator[httpx.Client]:
    with (folder / f"{command[0]}.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        with httpx.Client(base_url=f"http://{address}") as client:
            until(lambda: ready(client), f"{command[0]} is ready")
            yield client
    finally:
        process.terminate()
        process.wait()


def ready(client: httpx.Client) -> bool:
    try:
        return client.get("/-/ready").is_success
    except httpx.TransportError:
        return False


def panels() -> list[dict[str, Any]]:
    boards = [json.loads(file.read_text()) for file in sorted(BOARDS.glob("*.json"))]
    return [panel for board in boards for panel in board["panels"] if panel["type"] != "row"]


def values(prometheus: httpx.Client, expression: str) -> list[float]:
    """What an expression of a panel gives at this moment."""
    asked = expression.replace("$__rate_interval", RATE_INTERVAL)
    answer = prometheus.get("/api/v1/query", params={"query": asked}).json()
    assert answer["status"] == "success", f"{expression}: {answer}"
    return [float(series["value"][1]) for series in answer["data"]["result"]]


def without_data(prometheus: httpx.Client) -> set[str]:
    expressions = {target["expr"] for panel in panels() for target in panel["targets"]}
    return {e for e in expressions if not any(math.isfinite(value) for value in values(prometheus, e))}


def test_every_expression_of_every_board_returns_data_after_a_day_of_a_shop(
    prometheus: httpx.Client, process_stack: RunningStack
) -> None:
    until(lambda: values(prometheus, "up") == [1] * 6, "every service is scraped")
    empty: set[str] = set()
    with open_shop(process_stack) as api:
        for number in range(30):
            verify(api)
            work(api, number)
            if not (empty := without_data(prometheus)):
                break
    assert empty == set()


def test_a_service_that_is_down_shows_on_the_board_and_whoever_is_on_call_hears_of_it(
    prometheus: httpx.Client, process_stack: RunningStack, on_call: Receiver
) -> None:
    (services,) = (panel for panel in panels() if panel["title"] == "Services")
    (up,) = (target["expr"] for target in services["targets"])
    until(lambda: values(prometheus, up) == [1] * 6, "every service is scraped")
    assert down(on_call) == []
    (recommender,) = process_stack.children("recommender")
    recommender.suspend()
    try:
        until(lambda: sorted(values(prometheus, up)) == [0, 1, 1, 1, 1, 1], "the one that hangs is seen")
        until(lambda: down(on_call) == [("firing", "recommender")], "the alert arrives, for it alone")
    finally:
        recommender.resume()  # others use this stack
    until(lambda: values(prometheus, up) == [1] * 6, "and that it is back")
    until(lambda: down(on_call)[-1] == ("resolved", "recommender"), "and that is told too")


def down(on_call: Receiver) -> list[tuple[str, str]]:
    """State and service of each alert of a service that is down, as they came."""
    alerts = [alert for received in on_call.at("/on-call") for alert in received.event["alerts"]]
    return [
        (alert["status"], alert["labels"]["job"])
        for alert in alerts
        if alert["labels"]["alertname"] == "LoupeServiceDown"
    ]


def test_every_panel_says_what_it_shows_in_which_unit_and_what_to_do() -> None:
    source = yaml.safe_load((DEPLOY / "grafana/provisioning/datasources/prometheus.yml").read_text())["datasources"][0]
    for panel in panels():
        assert panel["title"]
        assert len(panel["description"]) > 20, panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert panel["datasource"]["uid"] == source["uid"], panel["title"]


def test_the_boards_are_those_that_their_code_makes() -> None:
    assert {file.name: file.read_text() for file in BOARDS.iterdir()} == files()


def test_each_metric_that_a_board_asks_for_is_one_that_a_service_has() -> None:
    asked = {name for panel in panels() for target in panel["targets"] for name in METRIC.findall(target["expr"])}
    code = "\n".join(file.read_text() for top in ("services", "shared") for file in (DEPLOY.parent / top).rglob("*.py"))
    told = {name for name in asked if any(f'"{name.removesuffix(end)}"' in code for end in ENDINGS)}
    assert asked - told == set()
