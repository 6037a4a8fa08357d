"""chat.run: one command from chat, and its answer in Markdown."""

from __future__ import annotations

from typing import Any, Dict

from pagerduty_mattermost.action_base import PackAction


class ChatRun(PackAction):
    def act(self, **params: Any) -> Dict[str, Any]:
        from pagerduty_mattermost.chat_perform import perform
        from pagerduty_mattermost.chat_said import Said
        from pagerduty_mattermost.text import clean

        # An optional part that was not said arrives as None, or as the text that a template makes of it.
        words = {name: clean(value).strip() for name, value in params.items() if value not in (None, "None")}
        given = perform(self, Said(**{name: word for name, word in words.items() if name in Said._fields}))
        return {"message": given.message, "incidents": list(given.incidents)}
