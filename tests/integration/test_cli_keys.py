"""`loupe tenant` and `loupe key`, on the catalogue of a home and on that of any deployment."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from deploy.local.home import Home
from loupe.cli import app
from services.gateway.tables import Tenant
from tests.support.gateway import SECRET, Stand, running_gateway
from tests.support.waiting import until


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Stand]:
    with running_gateway(tmp_path) as stand:
        yield stand


@pytest.fixture
def deployment(gateway: Stand) -> dict[str, str]:
    return {"GATEWAY_DATABASE_URL": f"sqlite:///{gateway.folder}/gateway.db", "GATEWAY_SECRET": SECRET}


def loupe(environment: dict[str, str], *arguments: str) -> Result:
    return CliRunner(env={"LOUPE_HOME": "/nowhere", "COLUMNS": "60", **environment}).invoke(app, arguments)


def done(environment: dict[str, str], *arguments: str) -> str:
    result = loupe(environment, *arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def status(gateway: Stand, key: str, method: str = "GET") -> int:
    header = {"Authorization": f"Bearer {key}"}
    answer = gateway.client.request(method, "/v1/items/RING-1", headers=header, json={"title": "x"})
    return int(answer.status_code)


def test_a_key_of_chosen_scopes_is_made_shown_once_listed_and_revoked(
    gateway: Stand, deployment: dict[str, str]
) -> None:
    first = done(deployment, "tenant", "add", "new-shop").strip()
    assert status(gateway, first, "PUT") == 201
    made = loupe(
        deployment,
        "key",
        "add",
        "new-shop",
        "--scope",
        "read",
        "--scope",
        "events",
        "--name",
        "web",
        "--rate-limit",
        "7",
    )
    key = made.stdout.strip()
    assert "only time" in made.stderr
    assert (status(gateway, key), status(gateway, key, "PUT")) == (200, 403)
    assert '"default";q=70;w=10' in str(
        gateway.client.get("/v1/items", headers={"Authorization": f"Bearer {key}"}).headers
    )

    listed = done(deployment, "key", "list", "new-shop")
    assert key not in listed
    assert first not in listed
    (row,) = [line for line in listed.splitlines() if " web " in line]
    assert "events read" in row
    key_id = row.split()[0]
    assert key_id in made.stderr
    assert "new-shop" in done(deployment, "key", "revoke", key_id)
    until(lambda: status(gateway, key) == 401, "the key is refused", 5)
    assert status(gateway, first) == 200
    assert [line.split()[0] for line in done(deployment, "tenant", "list").splitlines()[1:]] == [
        "new-shop",
        "other",
        "shop",
    ]


def test_a_key_is_rotated_and_its_end_is_listed(gateway: Stand, deployment: dict[str, str]) -> None:
    first = done(deployment, "tenant", "add", "new-shop").strip()
    (old,) = [line.split()[0] for line in done(deployment, "key", "list", "new-shop").splitlines()[1:]]
    made = loupe(deployment, "key", "rotate", old, "--overlap-hours", "0")
    assert f"{old} works until 20" in made.stderr
    assert (status(gateway, first), status(gateway, made.stdout.strip())) == (401, 404)
    assert loupe(deployment, "key", "rotate", old).exit_code == 1
    done(deployment, "key", "add", "new-shop", "--scope", "operator", "--name", "ops", "--days", "30")
    rows = {line.split()[1]: line for line in done(deployment, "key", "list", "new-shop").splitlines()[1:]}
    assert rows["ops"].count("20") >= 2, "when it was made, and when it ends"


def test_what_a_shop_may_have_is_chosen_and_shown(deployment: dict[str, str]) -> None:
    chosen = ("--max-items", "100", "--max-storage", "1.5 GB", "--max-requests", "50000")
    shown = done(deployment, "tenant", "set", "shop", *chosen)
    assert shown == done(deployment, "tenant", "usage", "shop")
    table = {row[: len(row) - 2]: row for row in map(tuple, (line.split() for line in shown.splitlines()))}
    assert table["items",][1:] == ("0", "100")
    assert table["storage", "bytes"][2:] == ("0", "1500000000")
    assert "50000" in shown
    lifted = done(deployment, "tenant", "set", "shop", "--max-items", "none")
    assert "100" not in lifted
    assert "1500000000" in lifted
    for wrong in (["--max-items", "many"], ["--max-storage", "5 apples"], ["--max-items", "9" * 12], []):
        assert loupe(deployment, "tenant", "set", "shop", *wrong).exit_code != 0
    assert "no shop 'nobody'" in loupe(deployment, "tenant", "set", "nobody", "--max-items", "1").stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["key", "add", "nobody", "--scope", "read", "--name", "x"], "no shop 'nobody'"),
        (["key", "add", "shop", "--scope", "root", "--name", "x"], "'root'"),
        (["key", "list", "nobody"], "loupe tenant list"),
        (["key", "revoke", "k_000000000000"], "no key 'k_000000000000'"),
        (["tenant", "add", "shop"], "There is a shop named shop already"),
    ],
)
def test_what_cannot_be_done_is_told_in_words(deployment: dict[str, str], arguments: list[str], words: str) -> None:
    result = loupe(deployment, *arguments)
    assert result.exit_code == 1
    assert words in result.stderr
    assert "Traceback" not in result.output


def test_a_deployment_named_by_half_is_not_taken_for_the_home(tmp_path: Path) -> None:
    result = loupe({"LOUPE_HOME": str(tmp_path / "home"), "GATEWAY_SECRET": SECRET}, "tenant", "add", "x")
    assert result.exit_code == 1
    assert "GATEWAY_DATABASE_URL" in result.stderr
    result = loupe({"LOUPE_HOME": str(tmp_path / "home"), "GATEWAY_DATABASE_URL": "sqlite://"}, "tenant", "add", "x")
    assert result.exit_code == 1
    assert "GATEWAY_SECRET" in result.stderr
    assert not (tmp_path / "home").exists()


def test_without_a_deployment_the_home_is_meant(tmp_path: Path) -> None:
    home = Home.at(tmp_path / "home")
    environment = {"LOUPE_HOME": str(home.path), "DATABASE_URL": "postgresql://another-program/its"}
    assert "never started" in loupe(environment, "tenant", "list").stderr
    home.note_running(catalogue_url=home.database_url("gateway"))
    assert done(environment, "tenant", "list").split() == ["shop", "since", "keys"]
    assert done(environment, "tenant", "add", "x").startswith("lk_")
    assert "first" in done(environment, "key", "list", "x")


def test_a_shop_chooses_to_hear_of_suggestions(gateway: Stand, deployment: dict[str, str]) -> None:
    def asked() -> bool:
        with gateway.catalogue.read() as session:
            return session.get_one(Tenant, "shop").suggestions_changed

    assert not asked()
    assert "shop hears" in done(deployment, "tenant", "set", "shop", "--suggestions-changed")
    assert asked()
    done(deployment, "tenant", "set", "shop", "--no-suggestions-changed")
    assert not asked()
    unknown = loupe(deployment, "tenant", "set", "nobody", "--suggestions-changed")
    assert (unknown.exit_code, "There is no shop 'nobody'" in unknown.stderr) == (1, True)
