"""chat.run: one command from chat, and its answer in Markdown."""

from __future__ import annotations

from typing import Any, Dict, Optional, Tuple

from pagerduty_mattermost.action_bases.pack_action import PackAction
from pagerduty_mattermost.core.errors import PackError


class ChatRun(PackAction):
    kept_as = "chat_run"

    def act(self, **params: Any) -> Dict[str, Any]:
        from pagerduty_mattermost.chat.bot_words import in_bots_words
        from pagerduty_mattermost.chat.command import Command
        from pagerduty_mattermost.chat.perform import perform
        from pagerduty_mattermost.core.text import clean

        # An optional part that was not given arrives as None, or as the text that a template makes
        # of it.
        words = {
            name: clean(value).strip()
            for name, value in params.items()
            if value not in (None, "None")
        }
        if ":" in words.get("user", ""):
            # No name: ids, which are marked so, the pack's own sensor knows alone.
            del words["user"]
        known = {name: word for name, word in words.items() if name in Command._fields}
        # Of those that one run carries out again each has its own.
        key = self.own_key("command", *(f"{name}={word}" for name, word in known.items()))
        result = perform(self.context, Command(**known)._replace(key=key))
        return {"message": in_bots_words(result.message), "incidents": list(result.incidents)}

    def run(self, **params: Any) -> Tuple[bool, Any]:
        """As every action; what went wrong is also said in the bot's words."""
        from pagerduty_mattermost.chat.bot_words import in_bots_words

        succeeded, result = super().run(**params)
        return succeeded, in_bots_words(result) if isinstance(result, str) else result

    def to_keep(
        self, params: Dict[str, Any], error: Optional[PackError]
    ) -> Optional[Dict[str, Any]]:
        from pagerduty_mattermost.chat.failed_commands import is_mistake, params_of_command

        return None if is_mistake(error) else params_of_command(params)
