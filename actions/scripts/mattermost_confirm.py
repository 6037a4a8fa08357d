"""mattermost.confirm: a yes or no from people in Mattermost."""

from __future__ import annotations

from typing import Any, Dict, Optional, Sequence

from pagerduty_mattermost.action_bases.pack_action import PackAction


class MattermostConfirm(PackAction):
    def act(
        self,
        channel: str = "",
        question: str = "",
        incident_id: Optional[str] = "",
        who: Optional[Sequence[str]] = None,
        needs: Optional[int] = 1,
        wait_seconds: Optional[int] = 300,
    ) -> Dict[str, Any]:
        from pagerduty_mattermost.chatops import asked_by_action

        spec = {"type": "boolean", "description": question, "required": True}
        kept = asked_by_action.ask(
            self.context,
            self.own_key("confirm"),
            channel,
            {"type": "object", "properties": {"approved": spec}},
            title=asked_by_action.title_of(self.context, incident_id or ""),
            who=who or (),
            needs=needs or 1,
            seconds=float(wait_seconds or 300),
        )
        return {
            "answered": bool(kept.by),
            "approved": kept.answer.get("approved") is True,
            "by": kept.by,
            "post_id": kept.post_id,
            "channel_id": kept.channel_id,
        }
