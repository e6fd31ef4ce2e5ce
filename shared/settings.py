"""What the settings of every service have in common."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.fence import split

_SECRETS = Path("/run/secrets")
_SHORTEST_SECRET = 16


class ServiceSettings(BaseSettings):
    """Read from the environment; what is not there, from files of /run/secrets, where containers get their secrets.

    A file is named as the variable, in lower case: `database_url`, `broker_url`, `secret`, `gateway_page_key`.
    Errors never tell what was given: it may be a secret, or a URL with a password in it.
    """

    model_config = SettingsConfigDict(
        secrets_dir=_SECRETS if _SECRETS.is_dir() else None,
        populate_by_name=True,
        protected_namespaces=(),
        hide_input_in_errors=True,
    )

    host: str = "127.0.0.1"
    internal_secret: str | None = Field(
        None,
        validation_alias=AliasChoices("internal_secret", "INTERNAL_SECRET"),
        repr=False,
        description="By which services know each other, of 16 characters or more. Several with commas between, while "
        "it is changed: the first is shown, each is taken.",
    )

    traces_url: str | None = Field(
        None,
        validation_alias=AliasChoices("traces_url", "OTEL_EXPORTER_OTLP_ENDPOINT"),
        description="A collector that takes traces by OTLP over HTTP, as at port 4318; without it nothing is traced.",
    )

    @field_validator("internal_secret")
    @classmethod
    def _long_enough(cls, value: str | None) -> str | None:
        if value is not None and min(map(len, split(value))) < _SHORTEST_SECRET:
            raise ValueError(f"an internal secret has {_SHORTEST_SECRET} characters or more")
        return value

    @field_validator("*")
    @classmethod
    def _readable(cls, value: Any, info: ValidationInfo) -> Any:
        """A password that is not encoded is read as host and port, and would be told when they do not answer."""
        if str(info.field_name).endswith("_url") and isinstance(value, str):
            try:
                _ = urlsplit(value).port
            except ValueError:
                raise ValueError("this is no URL; percent-encode the password in it") from None
        return value

    @model_validator(mode="after")
    def _fenced(self) -> Self:
        if not _is_loopback(self.host) and not self.internal_secret:
            raise ValueError(
                "a service that others than this machine can reach needs INTERNAL_SECRET, the same for all services: "
                "set it, or bind to 127.0.0.1"
            )
        return self


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
