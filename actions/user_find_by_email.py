"""user.find_by_email: the one user with this e-mail address."""

from __future__ import annotations

from typing import Any

from pagerduty_mattermost import inputs
from pagerduty_mattermost.action_base import PackAction


class UserFindByEmail(PackAction):
    def act(self, schema: str, **params: Any) -> Any:
        from pagerduty_mattermost.errors import NotFound
        from pagerduty_mattermost.lookup import resolve
        from pagerduty_mattermost.pagerduty import fill

        given = inputs.require(
            inputs.load(schema), params, inputs.Terms(self.clock(), self.settings.time_zone), self.log.warning
        )
        found = resolve(self.pagerduty, "user", given["email"])
        if found.email.casefold() != given["email"].casefold():
            raise NotFound(f"there is no user with the e-mail address {given['email']}")  # a name of that form
        return self.pagerduty.get(fill("/users/{entity_id}", entity_id=found.id))["user"]
