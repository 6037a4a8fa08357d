"""mattermost.catch_up: post what rules' actions could not post while Mattermost was away or closed to the bot."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Dict, List

from pagerduty_mattermost.action_base import PackAction
from pagerduty_mattermost.errors import PackError, RejectedInput, RetryLater

SECONDS = 240.0
"""After this long the rest waits for the next run."""
GIVE_UP_AFTER = 3
"""Failures of the kind "later" in a row: the other side is down, no use in asking on."""


class CatchUp(PackAction):
    def act(self) -> Dict[str, Any]:
        from pagerduty_mattermost import owed

        began, in_a_row = self.monotonic(), 0
        posted: List[str] = []
        dropped = 0
        kept = owed.waiting(self.store)
        for one in kept:
            if one.next_at > self.clock():
                continue
            if in_a_row >= GIVE_UP_AFTER or self.monotonic() - began > SECONDS:
                break
            try:
                self._action(one.action).act(**one.params)
            except RejectedInput as error:
                self.log.warning("Not posted, and never will be: %s", error)
                dropped += 1
            except PackError as error:
                in_a_row = in_a_row + 1 if isinstance(error, RetryLater) else 0
                owed.postpone(self.store, one, self._one_line(str(error)), self.clock())
                continue
            else:
                in_a_row = 0
                posted.append(one.action)
            owed.settle(self.store, one)
        left = len(kept) - len(posted) - dropped
        words = "Nothing was waiting." if not kept else f"Caught up: {len(posted)}; still waiting: {left}."
        return {"caught_up": len(posted), "waiting": left, "dropped": dropped, "message": words}

    def _action(self, name: str) -> PackAction:
        from pagerduty_mattermost.owed import ACTIONS

        module, cls = ACTIONS[name]
        found: PackAction = getattr(import_module(module), cls)(dict(self.config), self.action_service)
        return found.sharing(self)
