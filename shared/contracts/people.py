"""What the public HTTP API tells of erasing shoppers, and of telling them what is kept."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from shared.contracts.fields import Timestamp, UserId

ErasureId = Annotated[str, StringConstraints(pattern=r"^er_[0-9a-f]{32}$")]
ExportId = Annotated[str, StringConstraints(pattern=r"^ex_[0-9a-f]{32}$")]
VisitorId = Annotated[str, StringConstraints(pattern=r"^page-[0-9a-f]{24}$")]
"""The name that our page makes for a browser, at random: who knows it is that browser, or the shop itself."""
Found = dict[str, int]
"""How many pieces of a shopper there were, by the name of the store."""


class ErasureIn(BaseModel):
    """`also`: other words that name the shopper, as an e-mail address, to be looked for in what was never taken."""

    model_config = ConfigDict(extra="forbid")

    also: list[UserId] = Field(default_factory=list, max_length=20, examples=[["anna@example.com"]])


class Erasure(BaseModel):
    """An erasure. The name of the shopper is in none of it: `shopper` is a hash that this installation alone can make.

    `found`: how many pieces were taken out, by store. `receipt`: the same, signed, once all is gone; a compact JWS
    (Ed25519) whose key is at `/.well-known/jwks.json`.
    """

    erasure_id: ErasureId
    kind: Literal["user", "session"]
    shopper: str
    state: Literal["running", "done"]
    asked_at: Timestamp
    done_at: Timestamp | None = None
    found: Found = Field(default_factory=dict)
    receipt: str | None = None


class Export(BaseModel):
    """A shopper's data, gathered into a zip of JSON Lines. `data_url` is where it lies until `expires_at`.

    `found`: how many lines of it each file has.
    """

    export_id: ExportId
    kind: Literal["user", "session"]
    shopper: str
    state: Literal["running", "done", "gone"]
    asked_at: Timestamp
    done_at: Timestamp | None = None
    expires_at: Timestamp | None = None
    data_url: str | None = None
    bytes: int | None = None
    found: Found = Field(default_factory=dict)


class PublicKey(BaseModel):
    """A public key that receipts are checked with, as RFC 8037 writes it."""

    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    x: str
    kid: str
    alg: Literal["EdDSA"] = "EdDSA"
    use: Literal["sig"] = "sig"


class PublicKeys(BaseModel):
    keys: list[PublicKey]
