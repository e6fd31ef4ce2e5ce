"""Documents that anybody can check without Loupe: canonical JSON, sealed by Ed25519."""

from shared.signing.canonical import canonical
from shared.signing.keys import PublicKey, SigningKey
from shared.signing.seal import Findings, Seal, check, digests_of, seal

__all__ = ["Findings", "PublicKey", "Seal", "SigningKey", "canonical", "check", "digests_of", "seal"]
