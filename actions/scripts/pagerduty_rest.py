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
        now = self.clock()
        request = build(words, given, self.settings, now, self._warn)
        return send(words, request, self.pagerduty, now, self._warn)

    def _warn(self, line: str) -> None:
        self.log.warning("%s", line)
