"""One entry point for the plain REST calls: the action's metadata names the endpoint.

    endpoint: "GET /incidents/{entity_id}"    immutable; `{name}`s are parameters that hold ids
    wrapper: incident                         immutable; the key of the answer that is the result

Every other parameter that is set goes into the query, under its own name (a list as `name[]`).
"""

from __future__ import annotations

import re
from typing import Any, Dict

from pagerduty_mattermost.action_base import PackAction
from pagerduty_mattermost.errors import RetryLater


class PagerDutyRest(PackAction):
    def act(self, endpoint: str, wrapper: str, **params: Any) -> Any:
        from pagerduty_mattermost.pagerduty import fill

        method, template = endpoint.split(" ")
        ids = {name: params.pop(name, None) for name in re.findall(r"\{(\w+)\}", template)}
        query: Dict[str, Any] = {name: value for name, value in params.items() if value not in (None, "", [], [""])}
        answer = self.pagerduty.request(method, fill(template, **ids), query)
        if wrapper not in answer:
            raise RetryLater(f"PagerDuty {endpoint}: the answer holds no '{wrapper}'", maybe_done=method != "GET")
        return answer[wrapper]
