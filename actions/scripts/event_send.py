"""event.trigger, .acknowledge, .resolve, .change: Events API v2."""

from __future__ import annotations

from typing import Any

from pagerduty_mattermost.action_bases.inputs import checked
from pagerduty_mattermost.action_bases.pack_action import PackAction, is_last_of_few
from pagerduty_mattermost.core.errors import RejectedInput, RetryLater


class EventSend(PackAction):
    def act(self, schema: str, **params: Any) -> Any:
        from pagerduty_mattermost.gateways.pagerduty import events_api as events

        config = self.context.settings.pagerduty
        key, problems = "", []
        try:
            key = events.choose_key(
                config, {name: value for name, value in params.items() if value != "None"}
            )
        except RejectedInput as error:
            problems.append(str(error))
        given = checked(self.context, schema, params, problems)
        kind = schema.rpartition(".")[2]
        if kind == "change":
            return self.context.events.send_change(events.change(key, given))
        from pagerduty_mattermost.oncall import event_pages

        keep = given.pop("keep", True)
        new_key = self.own_key("event")
        return event_pages.send(self.context, kind, key, given, dedup_key=new_key, keep=keep)

    def gives_up(self, error: RetryLater, attempt: int) -> bool:
        """Whoever is on call hears soon, or by a failed post."""
        return is_last_of_few(error, attempt)
