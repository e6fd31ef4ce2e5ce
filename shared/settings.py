"""What the settings of every service have in common."""

from __future__ import annotations

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict

_SECRETS = Path("/run/secrets")


class ServiceSettings(BaseSettings):
    """Read from the environment; what is not there, from files of /run/secrets, where containers get their secrets.

    A file is named as the variable, in lower case: `database_url`, `broker_url`, `secret`, `gateway_page_key`.
    """

    model_config = SettingsConfigDict(
        secrets_dir=_SECRETS if _SECRETS.is_dir() else None, populate_by_name=True, protected_namespaces=()
    )
