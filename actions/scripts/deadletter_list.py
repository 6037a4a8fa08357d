"""deadletter.list: the posts and acts that failed, and why."""

from __future__ import annotations

from typing import Any, Dict

from pagerduty_mattermost.action_bases.pack_action import PackAction


class DeadletterList(PackAction):
    def act(self, schema: str, **params: Any) -> Dict[str, Any]:
        from pagerduty_mattermost.action_bases import inputs
        from pagerduty_mattermost.core import times
        from pagerduty_mattermost.operations import dead_letter_view as letter_list
        from pagerduty_mattermost.operations import dead_letters as deadletters

        asked = inputs.require(
            inputs.load(schema),
            params,
            inputs.Terms(self.context.clock(), self.context.settings.time_zone),
            self.context.log.warning,
        )
        found = letter_list.chosen(
            deadletters.letters(self.context.store, self.context.log),
            incident=str(asked.get("incident_id") or ""),
            kind=str(asked.get("kind") or ""),
            since=times.seconds(str(asked.get("since") or "")) or 0.0,
        )
        shown = found[-asked["maximum"] :]
        return {
            "letters": [letter_list.row(one, parameters=asked["parameters"]) for one in shown],
            "total": len(found),
            "truncated": len(shown) < len(found),
            "message": letter_list.markdown(
                shown, len(found), times.zone(self.context.settings.time_zone)
            ),
        }
