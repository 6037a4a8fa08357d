"""incident.remind: raise what is still unacknowledged again in its cards' threads, with who is
next."""

from __future__ import annotations

from typing import Any, Dict

from pagerduty_mattermost.action_bases.pack_action import PackAction


class Remind(PackAction):
    def act(self) -> Dict[str, Any]:
        terms = self.context.settings.reminders
        if not terms.enabled:
            return {"post_ids": [], "message": "Reminders are switched off (reminders.enabled)."}
        idle = self.not_configured()
        if idle:
            return idle
        from pagerduty_mattermost.noise import reminder_posts

        due = reminder_posts.waiting(
            self.context.store,
            terms,
            self.context.clock(),
            self.context.log,
            self.context.tell_stumble,
        )
        posted = reminder_posts.ReminderRun(self.context, terms).remind(due) if due else []
        return {"post_ids": posted, "message": f"Reminders posted: {len(posted)}."}
