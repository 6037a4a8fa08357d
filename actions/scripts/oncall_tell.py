"""oncall.tell: a message about a shift, to who did not say `/pd notify off`, or to a channel."""

from __future__ import annotations

from typing import Any, Dict, Optional

from pagerduty_mattermost.action_bases.pack_action import PackAction
from pagerduty_mattermost.core.errors import RejectedInput


class OnCallTell(PackAction):
    kept_as = "oncall_tell"

    def act(
        self,
        user: Optional[str] = "",
        message: str = "",
        key: str = "",
        name: Optional[str] = "",
        email: Optional[str] = "",
        channel: Optional[str] = "",
        button: Optional[str] = "",
        about: Optional[str] = "",
        even_if_off: Optional[bool] = False,
    ) -> Dict[str, Any]:
        from pagerduty_mattermost.gateways.pagerduty.references import Reference
        from pagerduty_mattermost.oncall.late_buttons import as_it_is, deliver
        from pagerduty_mattermost.oncall.shift_messages import WHAT_BECAME

        user, channel = (user or "").strip(), (channel or "").strip()
        if bool(user) == bool(channel) or not (message.strip() and key.strip()):
            raise RejectedInput("Give user (a PagerDuty id) or channel, message and key")
        context = self.context
        text, props = as_it_is(context, message, button or "", about or "")
        person = Reference("user", user, name or "", email or "") if user else None
        to, always = (person, channel), even_if_off is True
        done = deliver(context, to, text, key, props, even_if_off=always)
        return {"done": done, "message": WHAT_BECAME[done]}
