"""deadletter.list: the posts and acts that failed, and why."""

# flake8: noqa: E203

from __future__ import annotations

from typing import Any, Dict

from pagerduty_mattermost.action_bases.pack_action import PackAction


class DeadletterList(PackAction):
    def act(self, schema: str, **params: Any) -> Dict[str, Any]:
        from pagerduty_mattermost.action_bases.inputs import checked
        from pagerduty_mattermost.core import times
        from pagerduty_mattermost.operations import (
            dead_letter_view,
            dead_letters,
            ended_letters,
        )

        asked = checked(self.context, schema, params)
        found = dead_letter_view.chosen(
            dead_letters.load_all(self.context.store, self.context.log),
            incident=str(asked.get("incident_id") or ""),
            kind=str(asked.get("kind") or ""),
            since=times.seconds(str(asked.get("since") or "")) or 0.0,
        )
        shown = found[-asked["maximum"] :]
        zone = times.zone(self.context.settings.time_zone)
        one = str(asked.get("incident_id") or "").strip()
        end = ended_letters.told(self.context.store, zone).get(one, "") if one else ""
        return {
            "letters": [
                dead_letter_view.row(one, parameters=asked["parameters"]) for one in shown
            ],
            "total": len(found),
            "truncated": len(shown) < len(found),
            "message": dead_letter_view.markdown(shown, len(found), zone, end),
        }
