"""oncall.who and oncall.next: who is on call now, and who comes next."""

from __future__ import annotations

from typing import Any, Dict, List

from pagerduty_mattermost.action_bases.pack_action import PackAction


class OnCallWho(PackAction):
    def act(
        self,
        escalation_policy: str = "",
        schedule: str = "",
        service: str = "",
        user: str = "",
        days: int = 0,
    ) -> Dict[str, Any]:
        from pagerduty_mattermost.core import text, times
        from pagerduty_mattermost.gateways.pagerduty import on_calls as oncall
        from pagerduty_mattermost.people.display_names import both, usernames

        of = {
            "escalation_policy": escalation_policy or "",
            "schedule": schedule or "",
            "service": service or "",
            "user": user or "",
        }
        coming = bool(days)
        if coming:
            rows, name = oncall.upcoming(
                self.context.pagerduty, now=self.context.clock(), days=days, **of
            )
        else:
            rows, name = oncall.who(self.context.pagerduty, **of)
        where = times.zone(self.context.settings.time_zone)
        username = usernames(self.context)
        chat_names = {row.user.id: username(row.user) for row in rows}
        told: List[str] = []
        for row in rows:
            at = times.stamp(row.start if coming else row.end, where)
            whom = text.inert(
                row.policy if of["user"] else both(row.user, chat_names[row.user.id])
            )
            told.append(
                f"level {row.level} {whom}"
                + (f" ({'from' if coming else 'until'} {at})" if at else "")
            )
        head = "Next on call for" if coming else "On call for"
        if of["user"]:
            head = "Next turns of" if coming else "On call as"
        message = f"{head} {text.inert(name)}: " + (
            "; ".join(told) or ("nothing" if of["user"] else "nobody")
        )
        return {
            "oncalls": [
                {
                    "level": row.level,
                    "user": {
                        "id": row.user.id,
                        "name": row.user.name,
                        "email": row.user.email,
                        "mattermost": chat_names[row.user.id],
                    },
                    "schedule": row.schedule,
                    "policy": row.policy,
                    "start": row.start,
                    "end": row.end,
                }
                for row in rows
            ],
            "message": message,
        }
