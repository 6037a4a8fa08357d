"""playbook.list, .get, .validate, .save, .delete, .history, .restore, .import: see
`playbooks.by_hand`."""

from __future__ import annotations

from typing import Any, Dict

from pagerduty_mattermost.action_bases.pack_action import PackAction


class PlaybookAct(PackAction):
    def act(self, what: str, schema: str, **params: Any) -> Dict[str, Any]:
        from pagerduty_mattermost.action_bases.inputs import checked
        from pagerduty_mattermost.chat.playbook_commands import known_commands
        from pagerduty_mattermost.chat.verbs.registry import TABLE
        from pagerduty_mattermost.playbooks import by_hand

        given = checked(self.context, schema, params)
        return by_hand.act(self.context, what, given, known_commands(TABLE))
