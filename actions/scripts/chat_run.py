"""chat.run: one command from chat, and its answer in Markdown."""

from __future__ import annotations

from typing import Any, Dict, Optional

from pagerduty_mattermost.action_bases.pack_action import PackAction
from pagerduty_mattermost.core.errors import PackError


class ChatRun(PackAction):
    kept_as = "chat_run"

    def act(self, **params: Any) -> Dict[str, Any]:
        from pagerduty_mattermost.chat.command import Command
        from pagerduty_mattermost.chat.perform import perform
        from pagerduty_mattermost.core.text import clean

        # An optional part that was not said arrives as None, or as the text that a template makes
        # of it.
        words = {
            name: clean(value).strip()
            for name, value in params.items()
            if value not in (None, "None")
        }
        given = perform(
            self.context,
            Command(**{name: word for name, word in words.items() if name in Command._fields}),
        )
        return {"message": given.message, "incidents": list(given.incidents)}

    def to_keep(
        self, params: Dict[str, Any], error: Optional[PackError]
    ) -> Optional[Dict[str, Any]]:
        from pagerduty_mattermost.chat import failed_commands as chat_letters

        return None if chat_letters.is_mistake(error) else chat_letters.of_words(params)
