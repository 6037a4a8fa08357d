"""oncall.tell: a direct message about a shift, to who did not say `/pd notify off`."""

from __future__ import annotations

from typing import Any, Dict, Optional

from pagerduty_mattermost.action_bases.pack_action import PackAction
from pagerduty_mattermost.core.errors import RejectedInput


class OnCallTell(PackAction):
    kept_as = "oncall_tell"

    def act(
        self,
        user: str = "",
        message: str = "",
        key: str = "",
        name: Optional[str] = "",
        email: Optional[str] = "",
    ) -> Dict[str, Any]:
        from pagerduty_mattermost.gateways.pagerduty.references import Reference
        from pagerduty_mattermost.oncall.shift_messages import WHAT_BECAME, tell
        from pagerduty_mattermost.people.accounts import Accounts

        if not (user.strip() and message.strip() and key.strip()):
            raise RejectedInput("Give user (a PagerDuty id), message and key")
        person = Reference("user", user.strip(), name or "", email or "")
        accounts = Accounts(self.context.mattermost, self.context.store, log=self.context.log)
        done = tell(self.context, accounts, person, message, key)
        return {"done": done, "message": WHAT_BECAME[done]}
