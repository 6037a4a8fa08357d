"""oncall.watch: hand-offs and coming shifts of what oncall.channels names, told once."""

from __future__ import annotations

from typing import Any, Dict, Optional

from pagerduty_mattermost.action_bases.pack_action import PackAction

APART = 90.0
"""Seconds: the sensor's heartbeat doubles the timer, and leaves it alone while it runs."""


class OnCallWatch(PackAction):
    def act(self, source: Optional[str] = "") -> Dict[str, Any]:
        idle = self.not_configured()
        if idle:
            return idle
        if not self.context.settings.oncall.channels:
            return {
                "done": "not_configured",
                "message": "Nothing is watched: oncall.channels is empty.",
            }
        from pagerduty_mattermost.oncall import watch as oncall_watch

        if source == "sensor":
            last = oncall_watch.last_look(self.context.store)
            if last is not None and abs(self.context.clock() - last) < APART:
                return {"done": "too_soon", "message": "It looked a moment ago."}
        found = oncall_watch.Watch(self.context).run()
        for problem in found.problems:
            self.context.log.warning("Not told: %s", problem)
        told = (
            f"Watched: {found.watched}; hand-offs: {found.handoffs}, reminders: {found.reminders}"
        )
        more = f", without a contact: {found.contacts}" if found.contacts else ""
        return {"done": "done", **found._asdict(), "message": f"{told}{more}."}
