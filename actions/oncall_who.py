"""oncall.who: who is on call now."""

from __future__ import annotations

from typing import Any, Dict, List

from pagerduty_mattermost.action_base import PackAction


class OnCallWho(PackAction):
    def act(self, escalation_policy: str = "", schedule: str = "", service: str = "") -> Dict[str, Any]:
        from pagerduty_mattermost import oncall, text, times

        rows, name = oncall.who(
            self.pagerduty, escalation_policy=escalation_policy or "", schedule=schedule or "", service=service or ""
        )
        where = times.zone(self.settings.time_zone)
        told: List[str] = []
        for row in rows:
            until = times.stamp(row.end, where)
            told.append(f"level {row.level} {text.inert(row.user.name)}" + (f" (until {until})" if until else ""))
        message = f"On call for {text.inert(name)}: " + ("; ".join(told) or "nobody")
        return {
            "oncalls": [
                {
                    "level": row.level,
                    "user": {"id": row.user.id, "name": row.user.name, "email": row.user.email},
                    "schedule": row.schedule,
                    "policy": row.policy,
                    "start": row.start,
                    "end": row.end,
                }
                for row in rows
            ],
            "message": message,
        }
