"""What the gateway does for references and verifications: pictures cleaned, requests passed on, addresses filled in."""
