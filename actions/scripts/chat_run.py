"""chat.run: one command from chat, and its answer in Markdown."""

from __future__ import annotations

from typing import Any, Dict, Optional, Tuple

from pagerduty_mattermost.action_bases.pack_action import PackAction
from pagerduty_mattermost.core.errors import PackError


class ChatRun(PackAction):
    kept_as = "chat_run"

    def act(self, **params: Any) -> Dict[str, Any]:
        from pagerduty_mattermost.chat.bot_commands import carried_out
        from pagerduty_mattermost.chat.bot_words import words_given

        known = words_given(params)
        # Of those that one run carries out again each has its own.
        key = self.own_key("command", *(f"{name}={word}" for name, word in known.items()))
        result = carried_out(self.context, known, key)
        return {"message": result.message, "incidents": list(result.incidents)}

    def run(self, **params: Any) -> Tuple[bool, Any]:
        from pagerduty_mattermost.chat.bot_words import said_by_a_bot

        return said_by_a_bot(super().run(**params), str(params.get("verb")))

    def said_of(self, error: BaseException) -> str:
        from pagerduty_mattermost.chat.bot_commands import failure_line

        return failure_line(self.context, error, self._params)

    def to_keep(
        self, params: Dict[str, Any], error: Optional[PackError]
    ) -> Optional[Dict[str, Any]]:
        from pagerduty_mattermost.chat.failed_commands import is_mistake, params_of_command

        return None if is_mistake(error) else params_of_command(params)
