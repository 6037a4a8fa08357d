"""upgrade.apply: what an upgrade leaves to do, done."""

from __future__ import annotations

from typing import Any, Dict

from pagerduty_mattermost.action_bases.pack_action import PackAction


class UpgradeApply(PackAction):
    def act(self) -> Dict[str, Any]:
        from pagerduty_mattermost.operations import upgrade

        found = upgrade.Upgrade(self.context).apply()
        return upgrade.result_of(found, done=True)
