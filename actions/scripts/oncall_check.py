"""oncall.check: people on call, now or soon, without a phone, SMS or push contact."""

from __future__ import annotations

from typing import Any, Dict, Optional

from pagerduty_mattermost.action_bases.pack_action import PackAction
from pagerduty_mattermost.core.errors import RejectedInput


class OnCallCheck(PackAction):
    def act(self, hours: Optional[int] = None) -> Dict[str, Any]:
        from pagerduty_mattermost.core import text, times
        from pagerduty_mattermost.oncall import shift_contacts
        from pagerduty_mattermost.oncall.watched import sight

        terms = self.context.settings.oncall
        if not terms.channels:
            raise RejectedInput(
                "Nothing to check: oncall.channels names no schedule or escalation policy"
            )
        within = 3600.0 * (terms.contact_check_before or 24 if hours is None else hours)
        now = self.context.clock()
        seen = sight(self.context, now, now + within)
        among = shift_contacts.shifts(seen, within)
        found = shift_contacts.gaps(self.context, among)
        people = {one.spell.user.id for one in among}
        rows = [
            {
                "user": {"id": gap.user.id, "name": gap.user.name, "email": gap.user.email},
                "on_call_for": seen.things[gap.begin.watched].name,
                "level": gap.begin.level,
                "start": times.iso(gap.begin.spell.start)
                if gap.begin.spell.start is not None
                else "",
                "end": times.iso(gap.begin.spell.end) if gap.begin.spell.end is not None else "",
                "now": gap.begin.spell.covers(seen.at),
            }
            for gap in found
        ]
        names = ", ".join(sorted({text.inert(gap.user.name) for gap in found}))
        told = (
            f"Without a phone, SMS or push contact: {names}."
            if names
            else "All of them can be reached."
        )
        return {
            "unreachable": rows,
            "checked": len(people),
            "unknown": seen.problems,
            "message": (
                f"{len(people)} people are on call now or within {within / 3600:g} h. {told}"
            ),
        }
