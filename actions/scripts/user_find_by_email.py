"""user.find_by_email: the one user with this e-mail address."""

from __future__ import annotations

from typing import Any

from pagerduty_mattermost.action_bases.inputs import checked
from pagerduty_mattermost.action_bases.pack_action import PackAction


class UserFindByEmail(PackAction):
    def act(self, schema: str, **params: Any) -> Any:
        from pagerduty_mattermost.core.errors import NotFound
        from pagerduty_mattermost.core.text import ascii_lower
        from pagerduty_mattermost.gateways.pagerduty.client import fill
        from pagerduty_mattermost.gateways.pagerduty.references import resolve

        given = checked(self.context, schema, params)
        found = resolve(self.context.pagerduty, "user", given["email"])
        if ascii_lower(found.email) != ascii_lower(given["email"]):
            raise NotFound(
                f"there is no user with the e-mail address {given['email']}"
            )  # a name of that form
        return self.context.pagerduty.get(fill("/users/{entity_id}", entity_id=found.id))["user"]
