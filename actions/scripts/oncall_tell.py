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
        from pagerduty_mattermost.oncall.shift_messages import tell
        from pagerduty_mattermost.people.accounts import Accounts

        if not (user.strip() and message.strip() and key.strip()):
            raise RejectedInput("Give user (a PagerDuty id), message and key")
        accounts = Accounts(self.context.mattermost, self.context.store, log=self.context.log)
        done = tell(
            self.context,
            accounts,
            Reference("user", user.strip(), name or "", email or ""),
            message,
            key,
        )
        words = {
            "sent": "Sent.",
            "off": "Not sent: /pd notify is off.",
            "unknown": "Mattermost does not know them.",
        }
        return {"done": done, "message": words[done]}
