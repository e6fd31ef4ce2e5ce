"""Users of a shop bus that runs."""

from __future__ import annotations

from shared.shopbus.users import ShopUsers, open_users
from tests.support.servers import RunningServer


def users_of(server: RunningServer) -> ShopUsers:
    users = open_users(server.url, server.admin_url)
    assert users
    users.check()
    return users
