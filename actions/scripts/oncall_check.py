"""oncall.check: people on call, now or soon, without a phone, SMS or push contact."""

from __future__ import annotations

from typing import Any, Dict, Optional

from pagerduty_mattermost.action_bases.pack_action import PackAction


class OnCallCheck(PackAction):
    def act(self, hours: Optional[int] = None) -> Dict[str, Any]:
        from pagerduty_mattermost.oncall.rota_check import check

        return check(self.context, hours)
