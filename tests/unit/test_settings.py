"""Settings of services: from the environment, and from files where secrets come as files."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
from pydantic import ValidationError

from services.gateway.settings import Settings
from shared import settings as shared_settings

SECRETS = {
    "broker_url": "redis://:word@redis:6379/0",
    "object_store_url": "s3://loupe:word@minio:9000?secure=false",
    "database_url": "postgresql+psycopg://gateway:word@postgres/gateway",
    "secret": "sixteen letters or more",
    "gateway_page_key": "lk_key",
}
PLAIN = {
    "EMBEDDER_URL": "http://embedder:8091",
    "RECOMMENDER_URL": "http://recommender:8093",
    "INDEXER_URL": "http://indexer:8092",
}


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the gateway's secrets, one a file, as containers get them."""
    for name, value in SECRETS.items():
        (tmp_path / name).write_text(value + "\n")
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in PLAIN.items():
        monkeypatch.setenv(name, value)
    return tmp_path


def test_secrets_are_read_from_files_named_as_the_variables(secrets: Path) -> None:
    settings = Settings(_secrets_dir=secrets)
    assert settings.database_url == SECRETS["database_url"]
    assert settings.broker_url == SECRETS["broker_url"]
    assert settings.object_store_url == SECRETS["object_store_url"]
    assert settings.secret == SECRETS["secret"]
    assert settings.page_key == "lk_key"


def test_a_variable_of_the_environment_wins_over_a_file(secrets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROKER_URL", "redis://elsewhere:6379/0")
    assert Settings(_secrets_dir=secrets).broker_url == "redis://elsewhere:6379/0"


def test_a_machine_without_secret_files_is_no_reason_to_warn(secrets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name.upper(), value)
    assert shared_settings.ServiceSettings.model_config["secrets_dir"] in (None, Path("/run/secrets"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Settings()


def test_what_may_be_sent_to_is_a_list_with_commas_of_networks_and_hosts(
    secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Settings(_secrets_dir=secrets).outward_allow == []
    monkeypatch.setenv("GATEWAY_OUTWARD_ALLOW", "10.0.0.0/8, shop.internal,")
    assert Settings(_secrets_dir=secrets).outward_allow == ["10.0.0.0/8", "shop.internal"]
    monkeypatch.setenv("GATEWAY_OUTWARD_ALLOW", "10.0.0.0/99")
    with pytest.raises(ValidationError, match="neither a network"):
        Settings(_secrets_dir=secrets)
