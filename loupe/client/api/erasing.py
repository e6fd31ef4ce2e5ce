"""Forgetting a shopper."""

from __future__ import annotations

from loupe.client.calls import Call, nothing


def erase_user(user_id: str) -> Call[None]:
    """Forget all that is kept of a user. Accepted: it is done soon, whatever happens."""
    return Call("DELETE", "/v1/users/{user_id}", nothing, {"user_id": user_id})


def erase_session(session_id: str) -> Call[None]:
    """Forget all that is kept of a visit. Accepted: it is done soon, whatever happens."""
    return Call("DELETE", "/v1/sessions/{session_id}", nothing, {"session_id": session_id})
