"""chat.run: one command from chat, and its answer in Markdown."""

from __future__ import annotations

from typing import Any, Dict

from pagerduty_mattermost.action_base import PackAction


class ChatRun(PackAction):
    def act(self, **params: Any) -> Dict[str, Any]:
        from pagerduty_mattermost.chat_verbs import ACTS, Said, answer
        from pagerduty_mattermost.text import clean

        # An optional part that was not said arrives as None, or as the text that a template makes of it.
        words = {name: clean(value).strip() for name, value in params.items() if value not in (None, "None")}
        said = Said(**{name: words.get(name, "") for name in Said._fields})
        if said.verb not in ACTS:
            given = answer(self, said)
        else:
            from pagerduty_mattermost.audit import recorded

            told = {name: value for name, value in said._asdict().items() if name not in ("verb", "user")}
            with recorded(self.store, self.log, self.clock, chat_user=said.user, verb=said.verb, words=told) as act:
                given = answer(self, said)
                act.person, act.incidents = given.person, given.incidents
        return {"message": given.message, "incidents": list(given.incidents)}
