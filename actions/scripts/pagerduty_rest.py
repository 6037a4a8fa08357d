"""One entry point for the plain REST calls: the action's metadata names the endpoint and what to
do with it.

The words (immutable parameters) are told in pagerduty_mattermost/rest_call.py.
"""

from __future__ import annotations

from typing import Any

from pagerduty_mattermost.action_bases.pack_action import PackAction
from pagerduty_mattermost.action_bases.rest_call import build, send, split


class PagerDutyRest(PackAction):
    def act(self, **params: Any) -> Any:
        words, given = split(params)
        now = self.context.clock()
        if words.shift_based:
            from pagerduty_mattermost.action_bases.shift_based_calls import run

            context = self.context
            return run(words, given, context.settings, context.pagerduty, now, self._warn)
        request = build(words, given, self.context.settings, now, self._warn)
        return send(words, request, self.context.pagerduty, now, self._warn)

    def _warn(self, line: str) -> None:
        self.context.log.warning("%s", line)
