"""kept_page.send: pages that are kept, sent once PagerDuty takes them; and who is on call,
remembered for the time in which it does not answer."""

from __future__ import annotations

from typing import Any, Dict, Optional

from pagerduty_mattermost.action_bases.card_action import CardAction
from pagerduty_mattermost.action_bases.pack_action import is_last_of_few
from pagerduty_mattermost.core.errors import RetryLater


class KeptPageSend(CardAction):
    def act(self, now: Optional[bool] = False) -> Dict[str, Any]:
        """`now`: also those that were tried a moment ago."""
        idle = self.not_configured()
        if idle:
            return idle
        from pagerduty_mattermost.chat.perform import send_kept
        from pagerduty_mattermost.oncall import directory
        from pagerduty_mattermost.oncall.page_sending import BUSY, send_in_one_run

        report = send_in_one_run(self.context, send_kept, by_hand=now is True)
        if report is None:
            return BUSY
        remembered = not report.waiting and directory.refresh_if_due(self.context)
        return report.as_result(remembered)

    def gives_up(self, error: RetryLater, attempt: int) -> bool:
        """What Mattermost does not take is a failed post."""
        return is_last_of_few(error, attempt)
