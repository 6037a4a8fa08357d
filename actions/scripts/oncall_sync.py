"""oncall.sync: channel headers, channel members and user groups set to who is on call."""

from __future__ import annotations

from typing import Any, Dict

from pagerduty_mattermost.action_bases.pack_action import PackAction


class OnCallSync(PackAction):
    def act(self) -> Dict[str, Any]:
        idle = self.not_configured()
        if idle:
            return idle
        from pagerduty_mattermost.oncall.sync import OnCallSynchronizer

        sync = OnCallSynchronizer(self.context)
        sync.run()
        wrong = f"; to be put right: {len(sync.problems)}" if sync.problems else ""
        return {
            "changed": sync.changed,
            "problems": sync.problems,
            "message": f"Changed: {len(sync.changed)}{wrong}.",
        }
