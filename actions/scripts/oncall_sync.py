"""oncall.sync: channel headers, channel members and user groups set to who is on call."""

from __future__ import annotations

from typing import Any, Dict

from pagerduty_mattermost.action_bases.pack_action import PackAction


class OnCallSync(PackAction):
    def act(self) -> Dict[str, Any]:
        idle = self.not_configured()
        if idle:
            return idle
        from pagerduty_mattermost.gateways.pagerduty.rate_brake import gives_way
        from pagerduty_mattermost.oncall.sync import GIVES_WAY_SECONDS, OnCallSynchronizer

        if gives_way(self.context.store, "oncall.sync", self.context.clock(), GIVES_WAY_SECONDS):
            message = "PagerDuty's rate limit runs out: it waits for the next run."
            return {"changed": [], "problems": [], "message": message}
        sync = OnCallSynchronizer(self.context)
        sync.run()
        wrong = f"; to be put right: {len(sync.problems)}" if sync.problems else ""
        return {
            "changed": sync.changed,
            "problems": sync.problems,
            "message": f"Changed: {len(sync.changed)}{wrong}.",
        }
