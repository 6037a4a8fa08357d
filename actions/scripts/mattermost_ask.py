"""mattermost.ask: an answer from people in Mattermost."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional, Sequence

from pagerduty_mattermost.action_bases.pack_action import PackAction


class MattermostAsk(PackAction):
    def act(
        self,
        channel: str = "",
        question: str = "",
        options: Optional[Sequence[str]] = None,
        schema: Optional[Mapping[str, Any]] = None,
        incident_id: Optional[str] = "",
        who: Optional[Sequence[str]] = None,
        needs: Optional[int] = 1,
        wait_seconds: Optional[int] = 300,
    ) -> Dict[str, Any]:
        from pagerduty_mattermost.chatops import asked_by_action

        kept = asked_by_action.ask(
            self.context,
            self.own_key("ask"),
            channel,
            asked_by_action.schema_of(question, list(options or ()), schema),
            title=asked_by_action.title_of(self.context, incident_id or ""),
            who=who or (),
            needs=needs or 1,
            seconds=float(wait_seconds or 300),
        )
        return {
            "answered": bool(kept.by),
            "answer": dict(kept.answer) if schema else kept.answer.get("answer", ""),
            "by": kept.by,
            "post_id": kept.post_id,
            "channel_id": kept.channel_id,
        }
