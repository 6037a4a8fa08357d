"""inquiry.ask: an inquiry of StackStorm's, asked in Mattermost."""

from __future__ import annotations

from typing import Any, Dict

from pagerduty_mattermost.action_bases.pack_action import PackAction


class InquiryAsk(PackAction):
    def act(self, inquiry_id: str = "") -> Dict[str, Any]:
        from pagerduty_mattermost.chatops.inquiry_places import api_of, asking_of
        from pagerduty_mattermost.chatops.inquiry_records import InquiryRecords
        from pagerduty_mattermost.core.errors import RetryLater

        context = self.context
        if not context.settings.chatops.inquiries:
            return {"done": "off", "message": "Inquiries are not asked here (chatops.inquiries)."}
        idle = self.not_configured()
        if idle:
            return idle
        records = InquiryRecords(context.store, context.log)
        asking = asking_of(
            lambda: context, api_of(context), lambda: context.mattermost, records, context.log
        )
        try:
            return asking.ask(inquiry_id)
        except RetryLater as error:
            context.log.warning("The inquiry is asked later: %s", error)
            return {"done": "later", "message": f"The chat sensor asks it later: {error}"}
